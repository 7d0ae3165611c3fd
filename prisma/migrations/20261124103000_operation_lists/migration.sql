-- Lists of operations, the newest first (GET /v1/operations). None of these may name `status`: it changes with every
-- checkpoint, and an update that changes a column of an index can't stay on its page (HOT). `completed_at` and `error`
-- change once, at the end, and `type` never.
CREATE INDEX operations_type_idx ON operations (tenant_id, type, id);
-- accepted, running, waiting, compensating, stuck: few, however many have ended.
CREATE INDEX operations_unfinished_list_idx ON operations (tenant_id, id) WHERE completed_at IS NULL;
-- failed and cancelled; what succeeded is most of the table, and is found by its primary key.
CREATE INDEX operations_ended_badly_idx ON operations (tenant_id, id)
  WHERE completed_at IS NOT NULL AND error IS NOT NULL;
