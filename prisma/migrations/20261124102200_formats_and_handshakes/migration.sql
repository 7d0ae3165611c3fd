-- In which form events go to an endpoint, and whether its receiver has agreed to get any.
ALTER TABLE endpoints
  ADD COLUMN format text NOT NULL DEFAULT 'standard',
  -- Null: nobody is asked. Else the endpoint is told nothing before its receiver has answered the handshake.
  ADD COLUMN handshake_status text,
  ADD COLUMN handshake_attempts integer NOT NULL DEFAULT 0,
  -- When to ask, or to ask again if whoever took it is not heard of; null once it is settled.
  ADD COLUMN handshake_due_at timestamptz,
  -- Why the last attempt did not succeed.
  ADD COLUMN handshake_reason text,
  ADD CONSTRAINT endpoints_format_check CHECK (format IN ('standard', 'cloudevents-structured', 'cloudevents-binary')),
  ADD CONSTRAINT endpoints_handshake_check CHECK (handshake_status IN ('pending', 'verified', 'failed'));

CREATE INDEX endpoints_handshake_due_idx ON endpoints (handshake_due_at) WHERE handshake_due_at IS NOT NULL;

-- Consent is of one URL: another one must be asked anew, whoever changes it; and nothing but consent enables an endpoint
-- that needs it. Asking to enable one asks its receiver again. Its name lets it run before endpoints_numbered.
CREATE FUNCTION require_handshake() RETURNS trigger
LANGUAGE plpgsql AS $$
BEGIN
  IF NEW.deleted_at IS NOT NULL THEN
    NEW.handshake_due_at := NULL;
  ELSIF NEW.url <> OLD.url OR (NEW.enabled AND NEW.handshake_status <> 'verified') THEN
    NEW.enabled := false;
    NEW.disabled_reason := 'unverified';
    NEW.handshake_status := 'pending';
    NEW.handshake_attempts := 0;
    NEW.handshake_due_at := now();
    NEW.handshake_reason := NULL;
  END IF;
  RETURN NEW;
END
$$;
CREATE TRIGGER endpoints_handshake BEFORE UPDATE ON endpoints
  FOR EACH ROW WHEN (NEW.handshake_status IS NOT NULL) EXECUTE FUNCTION require_handshake();
