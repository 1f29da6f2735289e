-- The time that retention goes by: a clock that leaps forward is not believed at once.
CREATE TABLE retention_clock (
  is_only_row boolean PRIMARY KEY DEFAULT true CHECK (is_only_row),
  believed_at timestamptz NOT NULL,
  doubted_at  timestamptz
);
