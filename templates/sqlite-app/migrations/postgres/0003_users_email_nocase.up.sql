-- `email` becomes unique whatever its case. PostgreSQL needs no table rebuild for it.
DROP INDEX users_email;
CREATE UNIQUE INDEX users_email ON users (lower(email));
