ALTER TABLE "entries" ADD COLUMN "taken" timestamp with time zone DEFAULT now() NOT NULL;
