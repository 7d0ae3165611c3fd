-- The life of an endpoint: how long it has been failing, what its tenant is told of it, replays, and how far behind it is.
--
-- Additive. What it changes of tables that are there is a change of the catalog alone, so its locks are short; indexes are
-- built by the next one.

-- ── How an endpoint is ──────────────────────────────────────────────────────────────────────────────────────────────

-- A row says that the last that is known of an endpoint is no success: it fails, or was enabled again and not told since.
CREATE TABLE endpoint_health (
  tenant_id         uuid NOT NULL,
  endpoint_id       uuid NOT NULL,
  -- The first failure since the last success, and the last one.
  failing_since     timestamptz,
  last_failure_at   timestamptz,
  failures          integer NOT NULL DEFAULT 0,
  -- Of these, those that speak against the receiver's health, as its breaker counts them.
  receiver_failures integer NOT NULL DEFAULT 0,
  -- When it had been disabled before it was enabled again.
  disabled_at       timestamptz,
  PRIMARY KEY (tenant_id, endpoint_id),
  FOREIGN KEY (tenant_id, endpoint_id) REFERENCES endpoints (tenant_id, id)
) WITH (fillfactor = 50);

-- ── What the tenant is told ─────────────────────────────────────────────────────────────────────────────────────────

-- Events about endpoints that Kafka has not got yet. Made in the transaction of what they tell of, with the id that they
-- keep: one that is produced twice is one event.
CREATE TABLE notices (
  tenant_id    uuid NOT NULL,
  id           uuid NOT NULL DEFAULT uuidv7(),
  type         text NOT NULL,
  endpoint_id  uuid NOT NULL,
  data         jsonb NOT NULL,
  created_at   timestamptz NOT NULL DEFAULT now(),
  -- Until then a dispatcher is producing it.
  leased_until timestamptz NOT NULL DEFAULT '-infinity',
  PRIMARY KEY (tenant_id, id)
) WITH (fillfactor = 80);
CREATE INDEX notices_leased_until_idx ON notices (leased_until, id);

-- An endpoint that is told no more, or again. One that is deleted ends its replays; a dispatcher discards what is left.
CREATE FUNCTION note_endpoint_life() RETURNS trigger
LANGUAGE plpgsql AS $$
BEGIN
  IF NEW.deleted_at IS NOT NULL THEN
    DELETE FROM endpoint_health WHERE tenant_id = NEW.tenant_id AND endpoint_id = NEW.id;
    UPDATE replays SET status = 'cancelled', reason = 'endpoint-deleted'
    WHERE tenant_id = NEW.tenant_id AND endpoint_id = NEW.id AND completed_at IS NULL AND status <> 'cancelled';
  ELSIF NEW.enabled THEN
    -- One that has just given its consent was not down.
    IF OLD.disabled_reason = 'unverified' THEN RETURN NULL; END IF;
    INSERT INTO endpoint_health (tenant_id, endpoint_id, disabled_at) VALUES (NEW.tenant_id, NEW.id, OLD.disabled_at)
    ON CONFLICT (tenant_id, endpoint_id) DO UPDATE SET failing_since = NULL, last_failure_at = NULL, failures = 0,
      receiver_failures = 0, disabled_at = excluded.disabled_at;
  ELSE
    INSERT INTO notices (tenant_id, type, endpoint_id, data)
    SELECT NEW.tenant_id, 'endpoint.disabled', NEW.id, jsonb_build_object('reason', NEW.disabled_reason,
      'disabledAt', NEW.disabled_at, 'failingSince', (SELECT h.failing_since FROM endpoint_health h
        WHERE h.tenant_id = NEW.tenant_id AND h.endpoint_id = NEW.id));
  END IF;
  RETURN NULL;
END
$$;
CREATE TRIGGER endpoints_life AFTER UPDATE ON endpoints
  FOR EACH ROW WHEN (OLD.enabled <> NEW.enabled OR (OLD.deleted_at IS NULL AND NEW.deleted_at IS NOT NULL))
  EXECUTE FUNCTION note_endpoint_life();

-- A delivery that was given up, whoever wrote it. Not those of events about endpoints themselves: an endpoint that takes
-- none of them would be the reason of the next one, for ever.
CREATE FUNCTION note_given_up() RETURNS trigger
LANGUAGE plpgsql AS $$
BEGIN
  INSERT INTO notices (tenant_id, type, endpoint_id, data)
  VALUES (NEW.tenant_id, 'delivery.exhausted', NEW.endpoint_id, jsonb_build_object('eventId', NEW.event_id,
    'eventType', NEW.event_type, 'replay', NEW.replay, 'status', NEW.status,
    'attempts', jsonb_array_length(NEW.attempts), 'lastAttempt', (NEW.attempts -> -1) - 'response'));
  RETURN NULL;
END
$$;
CREATE TRIGGER deliveries_given_up_at_first AFTER INSERT ON deliveries
  FOR EACH ROW WHEN (NEW.status IN ('exhausted', 'expired')
    AND NEW.event_type NOT IN ('endpoint.disabled', 'endpoint.recovered', 'delivery.exhausted'))
  EXECUTE FUNCTION note_given_up();
CREATE TRIGGER deliveries_given_up AFTER UPDATE OF status ON deliveries
  FOR EACH ROW WHEN (NEW.status IN ('exhausted', 'expired') AND OLD.status <> NEW.status
    AND NEW.event_type NOT IN ('endpoint.disabled', 'endpoint.recovered', 'delivery.exhausted'))
  EXECUTE FUNCTION note_given_up();

-- ── Replays ─────────────────────────────────────────────────────────────────────────────────────────────────────────

ALTER TABLE replays
  -- Patterns of event types, besides those of the subscription.
  ADD COLUMN events         text[],
  -- `since`, or the beginning of what was retained when it was made.
  ADD COLUMN covers_from    timestamptz NOT NULL DEFAULT now(),
  -- What it covered when it was made; where that was too much to count, at least so many.
  ADD COLUMN total          bigint NOT NULL DEFAULT 0,
  ADD COLUMN total_is_exact boolean NOT NULL DEFAULT true,
  -- Events that have a delivery and no attempt yet: as many as the window allows.
  ADD COLUMN outstanding    uuid[] NOT NULL DEFAULT '{}',
  ADD COLUMN reason         text,
  -- The dispatcher that works it.
  ADD COLUMN lease_owner    text,
  ADD COLUMN lease_until    timestamptz;
-- One at a time for an endpoint; and what dispatchers look for.
CREATE UNIQUE INDEX replays_unfinished_key ON replays (tenant_id, endpoint_id) WHERE completed_at IS NULL;
CREATE INDEX replays_endpoint_idx ON replays (tenant_id, endpoint_id, id);

-- Sent again by request: its age counts from here.
ALTER TABLE deliveries ADD COLUMN retried_at timestamptz;

-- The beginning of what is retained: that of the first range of events.
CREATE FUNCTION retained_since() RETURNS timestamptz
LANGUAGE sql STABLE SET timezone TO 'UTC' AS $$
  SELECT min(to_date(right(c.relname, 8), 'YYYYMMDD')::timestamp AT TIME ZONE 'UTC')
  FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid JOIN pg_class p ON p.oid = i.inhparent
  WHERE p.relname = 'events' AND p.relnamespace = current_schema()::regnamespace
$$;
