CREATE TABLE IF NOT EXISTS visits (
    at timestamptz NOT NULL DEFAULT now()
);
