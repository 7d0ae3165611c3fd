-- The whole road: what a write, its events and their deliveries need, with the ownership protocol.
--
-- Conventions: primary keys start with the tenant; times are timestamptz and the database's own; ids are UUIDv7.
-- Tables that grow (operations, events, deliveries) are range-partitioned by the time in their UUIDv7 keys, so that
-- retention drops partitions and deletes nothing row by row. Prisma can't express partitioning, partial indexes and
-- storage parameters: they stand here only.

-- ── Who may do what ─────────────────────────────────────────────────────────────────────────────────────────────────

CREATE TABLE tenants (
  id         uuid PRIMARY KEY,
  name       text NOT NULL,
  created_at timestamptz NOT NULL DEFAULT now()
);

CREATE TABLE partners (
  tenant_id  uuid NOT NULL REFERENCES tenants (id),
  id         uuid NOT NULL,
  name       text NOT NULL,
  -- {events: [patterns], filter?}; an empty grant sees nothing
  "grant"    jsonb NOT NULL DEFAULT '{"events": []}',
  created_at timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (tenant_id, id)
);

CREATE TABLE api_keys (
  tenant_id    uuid NOT NULL REFERENCES tenants (id),
  key_id       text NOT NULL,
  secret_hash  bytea NOT NULL,
  scopes       text[] NOT NULL,
  partner_id   uuid,
  name         text NOT NULL,
  created_at   timestamptz NOT NULL DEFAULT now(),
  expires_at   timestamptz,
  revoked_at   timestamptz,
  last_used_at timestamptz,
  PRIMARY KEY (tenant_id, key_id),
  FOREIGN KEY (tenant_id, partner_id) REFERENCES partners (tenant_id, id)
);
-- The one look-up that comes before the tenant is known.
CREATE UNIQUE INDEX api_keys_key_id_key ON api_keys (key_id);

-- ── Ownership of partitions (design §3.2) ───────────────────────────────────────────────────────────────────────────

-- A new owner takes the row FOR UPDATE and raises the epoch; every admission and checkpoint holds it FOR KEY SHARE.
CREATE TABLE partition_owners (
  partition   integer PRIMARY KEY,
  owner       text NOT NULL,
  epoch       bigint NOT NULL,
  acquired_at timestamptz NOT NULL DEFAULT now()
);

-- All numbered events of the partition up to here are in Kafka. Moved by the publisher, in batches.
CREATE TABLE watermarks (
  partition        integer PRIMARY KEY,
  published_number bigint NOT NULL DEFAULT 0
) WITH (fillfactor = 50);

-- What this installation was made with: apps refuse to start on another number of partitions.
CREATE TABLE installation (
  singleton  boolean PRIMARY KEY DEFAULT true CHECK (singleton),
  partitions integer NOT NULL,
  created_at timestamptz NOT NULL DEFAULT now()
);

-- ── Operations ──────────────────────────────────────────────────────────────────────────────────────────────────────

CREATE TABLE operations (
  tenant_id          uuid NOT NULL,
  id                 uuid NOT NULL,
  type               text NOT NULL,
  revision           integer NOT NULL,
  entity_type        text NOT NULL,
  entity_id          text NOT NULL,
  partition          integer NOT NULL,
  -- Where the produce was acknowledged; null for a write with sync steps, which comes by the outbox.
  log_offset         bigint,
  -- epoch·2^40 + n, given by admission alone; null until then.
  position           bigint,
  status             text NOT NULL DEFAULT 'accepted',
  -- Raised by every checkpoint, which is guarded by it.
  version            integer NOT NULL DEFAULT 0,
  request_hash       text NOT NULL,
  idempotency_key    text,
  input              text NOT NULL,
  step               text,
  steps              jsonb NOT NULL DEFAULT '[]',
  -- Why it is being rolled back, kept until it has ended.
  cause              jsonb,
  result             jsonb,
  error              jsonb,
  -- cancel, retry or skip, asked for from outside; only the owner acts on it.
  request            jsonb,
  -- A step handed over to a queue: the worker's result counts only for this pair.
  dispatched_step    text,
  dispatched_version integer,
  duplicate_of       uuid,
  audience           uuid[],
  traceparent        text,
  next_attempt_at    timestamptz,
  created_at         timestamptz NOT NULL DEFAULT now(),
  updated_at         timestamptz NOT NULL DEFAULT now(),
  completed_at       timestamptz,
  PRIMARY KEY (tenant_id, id)
) PARTITION BY RANGE (id);

-- What a new owner loads: admitted and not ended, in order.
CREATE INDEX operations_unfinished_idx ON operations (partition, position)
  WHERE position IS NOT NULL AND completed_at IS NULL;
-- Rows whose command has not been admitted yet: produced again when the consumer is long past their offset.
CREATE INDEX operations_unadmitted_idx ON operations (partition, log_offset)
  WHERE position IS NULL AND completed_at IS NULL;
-- What is asked for from outside and not acted on yet.
CREATE INDEX operations_requested_idx ON operations (partition) WHERE request IS NOT NULL AND completed_at IS NULL;
CREATE INDEX operations_entity_idx ON operations (tenant_id, entity_type, entity_id, id);
-- Whether an entity is busy: few rows, however many operations it has had.
CREATE INDEX operations_entity_unfinished_idx ON operations (tenant_id, entity_type, entity_id)
  WHERE completed_at IS NULL;

CREATE TABLE idempotency_keys (
  tenant_id    uuid NOT NULL,
  key          text NOT NULL,
  operation_id uuid NOT NULL,
  request_hash text NOT NULL,
  -- The first command in the log under this key was admitted: the key is its for good.
  admitted     boolean NOT NULL DEFAULT false,
  created_at   timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (tenant_id, key)
);
CREATE INDEX idempotency_keys_created_at_idx ON idempotency_keys USING brin (created_at);

-- Writes with sync steps that their owner has not admitted yet, with what those steps emitted. All else that a command
-- carries is in the operation's row, which the same transaction made.
CREATE TABLE outbox (
  tenant_id    uuid NOT NULL,
  operation_id uuid NOT NULL,
  partition    integer NOT NULL,
  entity_type  text NOT NULL,
  entity_id    text NOT NULL,
  events       jsonb NOT NULL DEFAULT '[]',
  -- Drawn under the entity's lock: ascends in the order in which an entity's transactions committed, as ids needn't.
  seq          bigserial NOT NULL,
  created_at   timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (tenant_id, operation_id)
);
CREATE INDEX outbox_partition_idx ON outbox (partition, seq);

-- The advisory lock of an entity. Whoever runs its sync steps has it alone; whoever admits its commands shares it.
CREATE FUNCTION entity_lock_key(tenant uuid, type text, id text) RETURNS bigint
LANGUAGE sql IMMUTABLE AS $$
  SELECT hashtextextended(tenant::text || ':' || type || ':' || id, 0)
$$;

-- Shares an entity's lock until the transaction ends, never waiting for it. False while sync steps of the entity run, or
-- where what they did has no position yet: what comes from the log has to wait for it. The second look has a snapshot of
-- its own, as statements of a volatile function do: the calling statement's may be older than the lock.
CREATE FUNCTION share_entity(of_partition integer, tenant uuid, type text, id text) RETURNS boolean
LANGUAGE plpgsql AS $$
BEGIN
  IF NOT pg_try_advisory_xact_lock_shared(entity_lock_key(tenant, type, id)) THEN
    RETURN false;
  END IF;
  RETURN NOT EXISTS (
    SELECT FROM outbox o
    WHERE o.partition = of_partition AND o.tenant_id = tenant AND o.entity_type = type AND o.entity_id = id);
END
$$;

-- Ends a transaction whose operation's id or idempotency key another one took meanwhile: its COMMIT is on its way already.
CREATE FUNCTION refuse_taken() RETURNS uuid
LANGUAGE plpgsql AS $$
BEGIN
  RAISE EXCEPTION 'the id or the idempotency key was taken meanwhile' USING ERRCODE = 'PB003';
END
$$;

-- What a queue's worker did with a step that was handed to it; only the owner checkpoints it.
CREATE TABLE step_results (
  tenant_id    uuid NOT NULL,
  operation_id uuid NOT NULL,
  step         text NOT NULL,
  version      integer NOT NULL,
  partition    integer NOT NULL,
  outcome      jsonb NOT NULL,
  events       jsonb NOT NULL DEFAULT '[]',
  created_at   timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (tenant_id, operation_id, step, version)
);
CREATE INDEX step_results_partition_idx ON step_results (partition, created_at);

-- Ends a transaction whose checkpoint was not saved, so that its COMMIT, which is on its way already, rolls it back.
CREATE FUNCTION refuse_checkpoint(owned boolean) RETURNS integer
LANGUAGE plpgsql AS $$
BEGIN
  IF owned THEN
    RAISE EXCEPTION 'the operation is at another version' USING ERRCODE = 'PB002';
  END IF;
  RAISE EXCEPTION 'another owner has the partition' USING ERRCODE = 'PB001';
END
$$;

-- ── Events and deliveries ───────────────────────────────────────────────────────────────────────────────────────────

CREATE TABLE events (
  tenant_id      uuid NOT NULL,
  id             uuid NOT NULL,
  type           text NOT NULL,
  entity_type    text,
  entity_id      text,
  partition      integer NOT NULL,
  -- Where a direct event with a client-made id was first read: the same id at another place is a repetition.
  log_offset     bigint,
  -- epoch·2^40 + n for an event of an operation; a direct event has none.
  number         bigint,
  operation_id   uuid,
  operation_type text,
  audience       uuid[],
  traceparent    text,
  -- The webhook's body, byte for byte (UTF-8).
  body           text NOT NULL,
  accepted_at    timestamptz NOT NULL,
  PRIMARY KEY (tenant_id, id)
) PARTITION BY RANGE (id);

-- What a new owner publishes: all above the watermark.
CREATE INDEX events_number_idx ON events (partition, number) WHERE number IS NOT NULL;
CREATE INDEX events_operation_idx ON events (tenant_id, operation_id) WHERE operation_id IS NOT NULL;

CREATE TABLE endpoints (
  tenant_id       uuid NOT NULL REFERENCES tenants (id),
  id              uuid NOT NULL,
  partner_id      uuid,
  url             text NOT NULL,
  events          text[] NOT NULL,
  filter          jsonb,
  headers         jsonb,
  ordering        text NOT NULL DEFAULT 'none',
  rate_per_second double precision,
  concurrency     integer,
  timeout_ms      integer,
  retry_schedule  integer[],
  description     text,
  enabled         boolean NOT NULL DEFAULT true,
  disabled_reason text,
  disabled_at     timestamptz,
  -- The subscription version of the last change: dispatchers load what is above the one they have.
  version         bigint NOT NULL,
  created_at      timestamptz NOT NULL DEFAULT now(),
  updated_at      timestamptz NOT NULL DEFAULT now(),
  deleted_at      timestamptz,
  PRIMARY KEY (tenant_id, id),
  FOREIGN KEY (tenant_id, partner_id) REFERENCES partners (tenant_id, id)
);
CREATE UNIQUE INDEX endpoints_version_key ON endpoints (version);

-- One counter under one row lock, not a sequence: versions become visible in the order in which they were given.
CREATE TABLE subscription_state (
  singleton boolean PRIMARY KEY DEFAULT true CHECK (singleton),
  version   bigint NOT NULL
);
INSERT INTO subscription_state (version) VALUES (0);

-- Every change of an endpoint gets the next version, whoever makes it, and wakes the dispatchers. One that stops being
-- told is due at once, so that what waits for it is discarded.
CREATE FUNCTION number_endpoint_change() RETURNS trigger
LANGUAGE plpgsql AS $$
BEGIN
  UPDATE subscription_state SET version = version + 1 RETURNING version INTO NEW.version;
  PERFORM pg_notify('postback_subscriptions', NEW.version::text);
  NEW.updated_at := now();
  IF NEW.enabled THEN
    NEW.disabled_at := NULL;
    NEW.disabled_reason := NULL;
  ELSIF TG_OP = 'INSERT' OR OLD.enabled THEN
    NEW.disabled_at := now();
    NEW.disabled_reason := coalesce(NEW.disabled_reason, 'by-request');
    UPDATE lanes SET due_at = now() WHERE tenant_id = NEW.tenant_id AND endpoint_id = NEW.id;
  END IF;
  RETURN NEW;
END
$$;
CREATE TRIGGER endpoints_numbered BEFORE INSERT OR UPDATE ON endpoints
  FOR EACH ROW EXECUTE FUNCTION number_endpoint_change();

CREATE TABLE endpoint_secrets (
  tenant_id   uuid NOT NULL,
  endpoint_id uuid NOT NULL,
  version     integer NOT NULL,
  algorithm   text NOT NULL DEFAULT 'v1',
  -- AES-256-GCM under the named key; additional data tenant|endpoint|version.
  key_id      text NOT NULL,
  nonce       bytea NOT NULL,
  ciphertext  bytea NOT NULL,
  created_at  timestamptz NOT NULL DEFAULT now(),
  -- While rotating, the old one signs until here.
  expires_at  timestamptz,
  PRIMARY KEY (tenant_id, endpoint_id, version),
  FOREIGN KEY (tenant_id, endpoint_id) REFERENCES endpoints (tenant_id, id)
);

-- One row an endpoint: what all dispatchers share of its lane, and when the schedule must look at it.
CREATE TABLE lanes (
  tenant_id    uuid NOT NULL,
  endpoint_id  uuid NOT NULL,
  -- The earliest next_attempt_at of its unfinished deliveries, or earlier; null when there is none.
  due_at       timestamptz,
  paused_until timestamptz,
  breaker      jsonb,
  lease_owner  text,
  lease_until  timestamptz,
  -- Numbers of deliveries for endpoint order.
  last_order   bigint NOT NULL DEFAULT 0,
  PRIMARY KEY (tenant_id, endpoint_id),
  FOREIGN KEY (tenant_id, endpoint_id) REFERENCES endpoints (tenant_id, id)
) WITH (fillfactor = 50);
CREATE INDEX lanes_due_idx ON lanes (due_at) WHERE due_at IS NOT NULL;
CREATE INDEX lanes_paused_idx ON lanes (paused_until) WHERE paused_until IS NOT NULL;

CREATE TABLE deliveries (
  tenant_id       uuid NOT NULL,
  event_id        uuid NOT NULL,
  endpoint_id     uuid NOT NULL,
  -- The replay that it belongs to; the nil UUID for live.
  replay          uuid NOT NULL DEFAULT '00000000-0000-0000-0000-000000000000',
  event_type      text NOT NULL,
  partition       integer NOT NULL,
  status          text NOT NULL,
  reason          text,
  attempts        jsonb NOT NULL DEFAULT '[]',
  -- pending: when to send; sending: when its lease ends and another may take it.
  next_attempt_at timestamptz,
  lease_owner     text,
  ordinal         bigint,
  created_at      timestamptz NOT NULL DEFAULT now(),
  completed_at    timestamptz,
  PRIMARY KEY (tenant_id, event_id, endpoint_id, replay)
) PARTITION BY RANGE (event_id);

CREATE INDEX deliveries_endpoint_idx ON deliveries (tenant_id, endpoint_id, event_id);
-- The schedule: a bounded number of each due lane, the earliest first.
CREATE INDEX deliveries_due_idx ON deliveries (endpoint_id, next_attempt_at) WHERE status IN ('pending', 'sending');

-- The highest offset and number whose deliveries were recorded: at or below it a first attempt may be a repetition.
CREATE TABLE delivery_progress (
  partition integer PRIMARY KEY,
  "offset"  bigint NOT NULL,
  number    bigint NOT NULL DEFAULT 0
) WITH (fillfactor = 50);

-- Live dispatchers, and the subscription version that each matches with.
CREATE TABLE dispatchers (
  id           text PRIMARY KEY,
  version      bigint NOT NULL,
  heartbeat_at timestamptz NOT NULL DEFAULT now()
) WITH (fillfactor = 50);

CREATE TABLE replays (
  tenant_id    uuid NOT NULL,
  id           uuid NOT NULL,
  endpoint_id  uuid NOT NULL,
  since        timestamptz NOT NULL,
  until        timestamptz NOT NULL,
  statuses     text[],
  filter       jsonb,
  rate_per_second double precision,
  status       text NOT NULL,
  cursor       uuid,
  matched      bigint NOT NULL DEFAULT 0,
  created_at   timestamptz NOT NULL DEFAULT now(),
  completed_at timestamptz,
  PRIMARY KEY (tenant_id, id),
  FOREIGN KEY (tenant_id, endpoint_id) REFERENCES endpoints (tenant_id, id)
);

CREATE TABLE dead_letters (
  topic              text NOT NULL,
  partition          integer NOT NULL,
  "offset"           bigint NOT NULL,
  -- Null where the header could not be read.
  tenant_id          uuid,
  reason             text NOT NULL,
  detail             text NOT NULL,
  key                bytea,
  header             bytea,
  body               bytea,
  created_at         timestamptz NOT NULL DEFAULT now(),
  -- When it was sent again, and where the new message is.
  redriven_at        timestamptz,
  redriven_partition integer,
  redriven_offset    bigint,
  discarded_at       timestamptz,
  PRIMARY KEY (topic, partition, "offset")
);
CREATE INDEX dead_letters_tenant_idx ON dead_letters (tenant_id, created_at);
CREATE INDEX dead_letters_created_at_idx ON dead_letters (created_at);

-- ── Ranges ──────────────────────────────────────────────────────────────────────────────────────────────────────────

-- The lowest UUIDv7 of a time: its 48 bits of milliseconds, all else zero (RFC 9562 §5.7, version bits left out so that
-- it is at or below every id of that millisecond).
CREATE FUNCTION uuid_floor(at timestamptz) RETURNS uuid
LANGUAGE sql IMMUTABLE AS $$
  SELECT (lpad(to_hex((extract(epoch FROM at) * 1000)::bigint), 12, '0') || '00000000000000000000')::uuid
$$;

-- Makes the weekly ranges of the growing tables from the week before now to `ahead` from now. Weeks, not days: fewer
-- partitions to plan over, and retention by the week is fine enough. Returns how many were made.
CREATE FUNCTION ensure_ranges(ahead interval) RETURNS integer
LANGUAGE plpgsql SET timezone TO 'UTC' AS $$
DECLARE
  starts timestamptz := date_trunc('week', now() AT TIME ZONE 'UTC') AT TIME ZONE 'UTC' - interval '7 days';
  parent text;
  child  text;
  filled integer;
  made   integer := 0;
BEGIN
  PERFORM pg_advisory_xact_lock(hashtext('postback.ensure_ranges'));
  WHILE starts <= now() + ahead LOOP
    FOREACH parent IN ARRAY ARRAY['operations', 'events', 'deliveries'] LOOP
      child := parent || '_' || to_char(starts AT TIME ZONE 'UTC', 'YYYYMMDD');
      IF to_regclass(child) IS NULL THEN
        -- Operations are updated by each checkpoint: room in the page keeps those updates out of the indexes (HOT).
        filled := CASE parent WHEN 'operations' THEN 60 ELSE 100 END;
        EXECUTE format('CREATE TABLE %I PARTITION OF %I FOR VALUES FROM (%L) TO (%L) WITH (fillfactor = %s)',
          child, parent, uuid_floor(starts), uuid_floor(starts + interval '7 days'), filled);
        made := made + 1;
      END IF;
    END LOOP;
    starts := starts + interval '7 days';
  END LOOP;
  RETURN made;
END
$$;

-- Until when rows can be written: the end of the last range of each growing table, the earliest of them.
CREATE FUNCTION ranges_end() RETURNS timestamptz
LANGUAGE sql STABLE SET timezone TO 'UTC' AS $$
  SELECT min(last_start) + interval '7 days' FROM (
    SELECT max(to_date(right(c.relname, 8), 'YYYYMMDD')::timestamp AT TIME ZONE 'UTC') AS last_start
    FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid JOIN pg_class p ON p.oid = i.inhparent
    WHERE p.relname IN ('operations', 'events', 'deliveries') AND p.relnamespace = current_schema()::regnamespace
    GROUP BY p.relname) AS per_table
$$;

SELECT ensure_ranges(interval '21 days');
