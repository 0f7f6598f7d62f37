-- The ledger's present number.
select sequence from planning.ledger
