-- Lanes across dispatchers: who shares them, and what all know of an endpoint's breaker.

-- The dispatchers among which lanes are shared out, as one value that changes as a whole.
CREATE TABLE dispatcher_fleet (
  singleton  boolean PRIMARY KEY DEFAULT true CHECK (singleton),
  generation bigint NOT NULL,
  members    text[] NOT NULL,
  -- When a member was last taken out that had fallen silent: attempts of it may still be out.
  lost_at    timestamptz
) WITH (fillfactor = 50);
INSERT INTO dispatcher_fleet (generation, members) VALUES (0, '{}');

-- The generation whose shares a dispatcher keeps to (null: of a release before this one), and the endpoints of which it
-- has more out than its share.
ALTER TABLE dispatchers ADD COLUMN generation bigint, ADD COLUMN over_lanes text[] NOT NULL DEFAULT '{}';

-- Until when the breaker in lanes.breaker holds, by the database's clock: a probe's time, or when it counts as lost.
ALTER TABLE lanes ADD COLUMN breaker_until timestamptz;

-- When a lane was last held back or let go, whoever did it: dispatchers look for what is newer than their last look.
ALTER TABLE lanes ADD COLUMN held_at timestamptz;
CREATE INDEX lanes_held_idx ON lanes (held_at) WHERE held_at IS NOT NULL;
CREATE FUNCTION note_lane_hold() RETURNS trigger
LANGUAGE plpgsql AS $$
BEGIN
  NEW.held_at := now();
  RETURN NEW;
END
$$;
CREATE TRIGGER lanes_hold_noted BEFORE UPDATE OF paused_until, breaker ON lanes FOR EACH ROW
  WHEN (OLD.paused_until IS DISTINCT FROM NEW.paused_until OR OLD.breaker IS DISTINCT FROM NEW.breaker)
  EXECUTE FUNCTION note_lane_hold();
