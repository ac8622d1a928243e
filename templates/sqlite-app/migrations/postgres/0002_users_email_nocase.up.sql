-- `email` becomes unique whatever the case of its ASCII letters. The collation C gives the same answer in every locale.
-- PostgreSQL needs no table rebuild for it.
DROP INDEX users_email;
CREATE UNIQUE INDEX users_email ON users (lower(email COLLATE "C"));
