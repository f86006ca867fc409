DROP TYPE mood;
DROP TABLE effects;
