#!/bin/bash
# Run once by PostgreSQL's image, in a new warehouse: who works there does not own it (docs/operations/security.md).
set -eu
psql --quiet --no-psqlrc --set ON_ERROR_STOP=1 --username "$POSTGRES_USER" --dbname "$POSTGRES_DB" <<'SQL'
\set password `cat /run/secrets/tasks_password`
CREATE ROLE exactsync_reader NOLOGIN;
CREATE ROLE exactsync_worker NOLOGIN;
CREATE ROLE exactsync_tasks LOGIN PASSWORD :'password' IN ROLE exactsync_worker;
SQL
