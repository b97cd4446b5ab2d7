-- What a device says of its cameras: which of them do not turn (GB/T 28181, PTZType).

-- +goose Up
ALTER TABLE gb_channel ADD COLUMN fixed boolean NOT NULL DEFAULT false;

-- +goose Down
ALTER TABLE gb_channel DROP COLUMN fixed;
