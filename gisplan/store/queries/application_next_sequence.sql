-- The next number of the ledger. Taken first, the row lock puts concurrent writers in a queue.
update planning.ledger set sequence = sequence + 1 returning sequence
