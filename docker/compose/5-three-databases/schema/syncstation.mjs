import { bigint, pgTable, text, timestamp } from "drizzle-orm/pg-core";

export const entries = pgTable("entries", {
  id: bigint({ mode: "number" }).primaryKey().generatedAlwaysAsIdentity(),
  name: text().notNull(),
  taken: timestamp({ withTimezone: true }).notNull().defaultNow(),
});
