-- Numbers are found with and without their separators (app/store/search/number.h): what is indexed already is done anew, newest first;
-- here the message up to which that is to do, 0 when it is done.
ALTER TABLE search_place ADD COLUMN old_form_id INTEGER NOT NULL DEFAULT 0;
UPDATE search_place SET old_form_id = message_id;
