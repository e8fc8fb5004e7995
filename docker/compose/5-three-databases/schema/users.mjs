import { bigint, pgTable, text } from "drizzle-orm/pg-core";

export const accounts = pgTable("accounts", {
  id: bigint({ mode: "number" }).primaryKey().generatedAlwaysAsIdentity(),
  name: text().notNull(),
});
