-- All queries of the transaction see the grid as it is now, whatever is loaded meanwhile.
set transaction isolation level repeatable read, read only
