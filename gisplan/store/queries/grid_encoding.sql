-- Packed texts come in the encoding of the client: let it be the one that is decoded here.
set local client_encoding = 'UTF8'
