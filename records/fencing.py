"""How Postgres itself refuses checkpoints of somebody who was replaced: a trigger on their tables.

A thread is named by its sitting, as an examiner's, or by its grading. Whoever writes tells the
fence that it holds, in `voxam.fence`, for each transaction.
"""

from records.engine import CHECKPOINT_TABLES

#: The state of the error that it raises.
STALE = "VX001"
#: Of the advisory lock under which one makes the tables and the others wait.
LOCK = 0x766F786370

_TABLES = CHECKPOINT_TABLES["postgresql"]

#: Whether it has to be made, in the column `made`.
IS_MADE = f"""
SELECT count(*) = {len(_TABLES)} AND bool_and(p.prosrc LIKE '%gradings%') AS made
FROM pg_trigger t JOIN pg_proc p ON p.oid = t.tgfoid
WHERE t.tgname = 'voxam_fence' AND pg_table_is_visible(t.tgrelid)
"""  # noqa: S608 -- a number

# FOR SHARE: a claim waits for a write that was allowed, and finds it when it reads what is kept.
MAKE = [
    f"""
    CREATE OR REPLACE FUNCTION voxam_fence() RETURNS trigger LANGUAGE plpgsql
    SET search_path FROM CURRENT AS $$
    BEGIN
        PERFORM FROM sittings
        WHERE id = NEW.thread_id AND fence::text = current_setting('voxam.fence', true)
        FOR SHARE;
        IF FOUND THEN
            RETURN NEW;
        END IF;
        PERFORM FROM gradings
        WHERE id = NEW.thread_id AND fence::text = current_setting('voxam.fence', true)
            AND state = 'running'
        FOR SHARE;
        IF NOT FOUND THEN
            RAISE EXCEPTION 'stale fence' USING ERRCODE = '{STALE}';
        END IF;
        RETURN NEW;
    END $$
    """,
    *(
        f"CREATE OR REPLACE TRIGGER voxam_fence BEFORE INSERT OR UPDATE ON {table} "
        "FOR EACH ROW EXECUTE FUNCTION voxam_fence()"
        for table in _TABLES
    ),
]
