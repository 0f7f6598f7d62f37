-- Another grid makes every plan before it stale: nothing may be reserved on the old one any more.
update planning.ledger set sequence = sequence + 1
