// Runs what Drizzle has not yet run of drizzle/DATABASE.
import { drizzle } from "drizzle-orm/postgres-js";
import { migrate } from "drizzle-orm/postgres-js/migrator";
import { databases } from "./databases.mjs";

for (const [name, sql] of Object.entries(databases)) {
  await migrate(drizzle(sql), { migrationsFolder: `drizzle/${name}` });
  await sql.end();
  console.log(`${name} is migrated`);
}
