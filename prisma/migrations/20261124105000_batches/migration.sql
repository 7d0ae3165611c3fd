-- Up to so many events, or what came within so long, go to an endpoint in one signed request; null: each in its own.
ALTER TABLE endpoints
  ADD COLUMN batch_max_events integer,
  ADD COLUMN batch_max_wait_ms integer,
  ADD CONSTRAINT endpoints_batch_check CHECK (
    (batch_max_events IS NULL) = (batch_max_wait_ms IS NULL)
    AND (batch_max_events IS NULL OR (
      batch_max_events BETWEEN 2 AND 100 AND batch_max_wait_ms BETWEEN 10 AND 5000
      -- The attributes of one event fill the headers, and what is in order goes one after another.
      AND format <> 'cloudevents-binary' AND ordering = 'none')));
