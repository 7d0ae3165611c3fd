-- Tenants that can be disabled and have a quota, partners whose grants are followed, keys that are told of at once when
-- they change, and row-level security as a second wall (docs/tenants-and-keys.md).

ALTER TABLE tenants
  ADD COLUMN disabled_at timestamptz,
  -- Requests per second of each of its keys, in each ingest process; null is RATE_LIMIT_PER_SECOND.
  ADD COLUMN requests_per_second integer;

-- Keys and endpoints name their partner, so that its row stays.
ALTER TABLE partners ADD COLUMN deleted_at timestamptz;

CREATE INDEX api_keys_partner_idx ON api_keys (tenant_id, partner_id) WHERE partner_id IS NOT NULL;
CREATE INDEX endpoints_partner_idx ON endpoints (tenant_id, partner_id) WHERE partner_id IS NOT NULL;

-- ── What is told of ─────────────────────────────────────────────────────────────────────────────────────────────────

-- Wakes every ingest: a key by its id, or all keys of a tenant.
CREATE FUNCTION tell_key_change() RETURNS trigger
LANGUAGE plpgsql AS $$
BEGIN
  PERFORM pg_notify('postback_keys', NEW.key_id);
  RETURN NULL;
END
$$;
-- Not when its last use is written down.
CREATE TRIGGER api_keys_told AFTER UPDATE ON api_keys FOR EACH ROW
  WHEN ((OLD.revoked_at, OLD.expires_at, OLD.scopes) IS DISTINCT FROM (NEW.revoked_at, NEW.expires_at, NEW.scopes))
  EXECUTE FUNCTION tell_key_change();

CREATE FUNCTION tell_tenant_change() RETURNS trigger
LANGUAGE plpgsql AS $$
BEGIN
  PERFORM pg_notify('postback_keys', 'tenant/' || NEW.id);
  RETURN NULL;
END
$$;
CREATE TRIGGER tenants_told AFTER UPDATE ON tenants FOR EACH ROW
  WHEN ((OLD.disabled_at, OLD.requests_per_second) IS DISTINCT FROM (NEW.disabled_at, NEW.requests_per_second))
  EXECUTE FUNCTION tell_tenant_change();

-- A grant is part of what its endpoints match: each of them gets a new version, which dispatchers load.
CREATE FUNCTION tell_partner_change() RETURNS trigger
LANGUAGE plpgsql AS $$
BEGIN
  PERFORM pg_notify('postback_keys', 'tenant/' || NEW.tenant_id);
  UPDATE endpoints SET updated_at = now()
  WHERE tenant_id = NEW.tenant_id AND partner_id = NEW.id AND deleted_at IS NULL;
  RETURN NULL;
END
$$;
CREATE TRIGGER partners_told AFTER UPDATE ON partners FOR EACH ROW
  WHEN ((OLD."grant", OLD.deleted_at) IS DISTINCT FROM (NEW."grant", NEW.deleted_at))
  EXECUTE FUNCTION tell_partner_change();

-- Takes a partner away with all that is its own. Rows stay for what names them. False where there is no such partner.
CREATE FUNCTION delete_partner(of_tenant uuid, gone uuid) RETURNS boolean
LANGUAGE plpgsql AS $$
BEGIN
  PERFORM FROM partners WHERE tenant_id = of_tenant AND id = gone AND deleted_at IS NULL FOR UPDATE;
  IF NOT FOUND THEN
    RETURN false;
  END IF;
  UPDATE api_keys SET revoked_at = now() WHERE tenant_id = of_tenant AND partner_id = gone AND revoked_at IS NULL;
  UPDATE endpoints SET enabled = false, disabled_reason = 'deleted', deleted_at = now()
  WHERE tenant_id = of_tenant AND partner_id = gone AND deleted_at IS NULL;
  UPDATE partners SET deleted_at = now() WHERE tenant_id = of_tenant AND id = gone;
  RETURN true;
END
$$;

-- ── The second wall ─────────────────────────────────────────────────────────────────────────────────────────────────

-- Which tenant the session works for; null, which equals nothing, when it doesn't say.
CREATE FUNCTION current_tenant() RETURNS uuid
LANGUAGE sql STABLE AS $$
  SELECT nullif(current_setting('postback.tenant', true), '')::uuid
$$;

-- Group roles, which nobody logs in as. They belong to the server and not to the database, so that another database may
-- have made them. Who may not make roles migrates all the same, and runs this again when they are there.
CREATE FUNCTION ensure_tenant_wall() RETURNS boolean
LANGUAGE plpgsql AS $$
DECLARE
  wanted  text;
  walled  text;
  key     text;
BEGIN
  FOREACH wanted IN ARRAY ARRAY['postback_api', 'postback_reader'] LOOP
    BEGIN
      IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = wanted) THEN
        EXECUTE format('CREATE ROLE %I NOLOGIN', wanted);
      END IF;
    EXCEPTION
      WHEN duplicate_object OR unique_violation THEN NULL;
      WHEN insufficient_privilege THEN
        RAISE WARNING 'the role % is missing and may not be made: see docs/tenants-and-keys.md', wanted;
        RETURN false;
    END;
  END LOOP;
  EXECUTE format('GRANT USAGE ON SCHEMA %I TO postback_api, postback_reader', current_schema());
  FOREACH walled IN ARRAY ARRAY['tenants', 'partners', 'api_keys', 'endpoints', 'endpoint_secrets', 'lanes', 'operations',
    'idempotency_keys', 'events', 'deliveries', 'replays', 'dead_letters', 'endpoint_health', 'notices'] LOOP
    key := CASE walled WHEN 'tenants' THEN 'id' ELSE 'tenant_id' END;
    EXECUTE format('ALTER TABLE %I ENABLE ROW LEVEL SECURITY', walled);
    -- Whoever is in neither role keeps what its grants give it: hot paths carry the tenant in each key.
    EXECUTE format('DROP POLICY IF EXISTS not_walled ON %I', walled);
    EXECUTE format('CREATE POLICY not_walled ON %I USING (true)', walled);
    -- Restrictive: no other policy opens what this one closes.
    EXECUTE format('DROP POLICY IF EXISTS own_tenant ON %I', walled);
    EXECUTE format('CREATE POLICY own_tenant ON %I AS RESTRICTIVE TO postback_api, postback_reader
      USING (%I = (SELECT current_tenant()))', walled, key);
  END LOOP;
  GRANT SELECT ON tenants, partners, endpoints, lanes, operations, idempotency_keys, events, deliveries, replays,
    dead_letters, endpoint_health, notices TO postback_api, postback_reader;
  -- Hashes and sealed secrets are for the API alone.
  GRANT SELECT ON api_keys, endpoint_secrets TO postback_api;
  GRANT INSERT, UPDATE ON partners, api_keys, endpoints, endpoint_secrets, lanes, replays TO postback_api;
  -- What the triggers of endpoints write.
  GRANT INSERT, UPDATE, DELETE ON endpoint_health TO postback_api;
  GRANT INSERT ON notices TO postback_api;
  -- cancel, retry and skip set a request; nothing else of an operation is for the API to change.
  GRANT UPDATE (request) ON operations TO postback_api;
  -- The trigger that numbers an endpoint's changes, and the look at who matches with them.
  GRANT SELECT, UPDATE ON subscription_state TO postback_api;
  GRANT SELECT ON dispatchers TO postback_api;
  RETURN true;
END
$$;

SELECT ensure_tenant_wall();
