-- +goose Up

-- A kiosk token opens one picture on one wall: who starts a browser with it is shown the scene, may read and nothing else, and needs no password there.
ALTER TABLE access_token DROP CONSTRAINT access_token_access_check;
ALTER TABLE access_token ADD CONSTRAINT access_token_access_check CHECK (access IN ('read', 'write', 'kiosk'));
ALTER TABLE access_token ADD COLUMN scene text NOT NULL DEFAULT '' CHECK ((access = 'kiosk') = (scene <> '') AND char_length(scene) <= 300);

-- +goose Down
DELETE FROM access_token WHERE access = 'kiosk';
ALTER TABLE access_token DROP COLUMN scene;
ALTER TABLE access_token DROP CONSTRAINT access_token_access_check;
ALTER TABLE access_token ADD CONSTRAINT access_token_access_check CHECK (access IN ('read', 'write'));
