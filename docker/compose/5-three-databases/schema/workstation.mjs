import { bigint, pgTable, text } from "drizzle-orm/pg-core";

export const nodes = pgTable("nodes", {
  id: bigint({ mode: "number" }).primaryKey().generatedAlwaysAsIdentity(),
  name: text().notNull(),
});
