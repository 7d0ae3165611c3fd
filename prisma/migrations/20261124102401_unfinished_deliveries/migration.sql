-- Two indexes of unfinished deliveries. Making them reads the table once; deliveries can be read meanwhile, and not written:
-- dispatchers hold what they have and go on after it. By itself, so that no stronger lock of another change is held as long.

-- What is left of a replay.
CREATE INDEX deliveries_replay_idx ON deliveries (replay)
  WHERE status IN ('pending', 'sending') AND replay <> '00000000-0000-0000-0000-000000000000';
-- The oldest event that an endpoint has not got, and how many wait behind it.
CREATE INDEX deliveries_oldest_idx ON deliveries (tenant_id, endpoint_id, event_id)
  WHERE status IN ('pending', 'sending') AND replay = '00000000-0000-0000-0000-000000000000';
