-- Order: deliveries of an endpoint that wait for each other.

-- The valve: when a failing delivery is skipped that others wait behind. Neither: it holds them.
ALTER TABLE endpoints ADD COLUMN order_skip_attempts integer, ADD COLUMN order_skip_seconds integer;

-- Deliveries of one endpoint and key are sent one at a time in the order of their ordinals: '' for endpoint order, the
-- entity for entity order, null for none. All but the first unfinished one have no next_attempt_at.
ALTER TABLE deliveries ADD COLUMN order_key text;
CREATE INDEX deliveries_order_idx ON deliveries (endpoint_id, order_key, ordinal)
  WHERE status IN ('pending', 'sending') AND order_key IS NOT NULL;
