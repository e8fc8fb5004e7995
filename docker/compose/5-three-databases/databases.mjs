// The databases that the environment names: DATABASE_URL, or one for each NAME_URL; as secrets, in files NAME_URL_FILE.
import { readFileSync } from "node:fs";
import postgres from "postgres";

function urls() {
  return Object.entries(process.env)
    .filter(([name]) => /_URL(_FILE)?$/.test(name))
    .sort()
    .map(([name, value]) => (name.endsWith("_FILE") ? readFileSync(value, "utf8").trim() : value));
}

/** By the name of the database. */
export const databases = Object.fromEntries(
  urls().map((url) => [new URL(url).pathname.slice(1), postgres(url, { max: 2, onnotice() {} })]),
);
