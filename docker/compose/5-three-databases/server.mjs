// GET / counts the rows of each database that this service has; POST / adds a row by the name that is its body.
import { createServer } from "node:http";
import { count } from "drizzle-orm";
import { drizzle } from "drizzle-orm/postgres-js";
import { text } from "node:stream/consumers";
import { databases } from "./databases.mjs";

const stores = await Promise.all(
  Object.entries(databases).map(async ([name, sql]) => {
    const [table] = Object.values(await import(`./schema/${name}.mjs`));
    return { name, table, db: drizzle(sql) };
  }),
);

async function counts() {
  const rows = await Promise.all(stores.map(({ db, table }) => db.select({ n: count() }).from(table)));
  return Object.fromEntries(stores.map(({ name }, i) => [name, rows[i][0].n]));
}

async function answer(request) {
  if (request.method === "GET") return [200, await counts()];
  if (request.method !== "POST" || stores.length > 1) return [405, {}];
  await stores[0].db.insert(stores[0].table).values({ name: await text(request) });
  return [201, await counts()];
}

const server = createServer(async (request, response) => {
  const [status, body] = await answer(request).catch((error) => {
    console.error(error);
    return [500, {}];
  });
  response.writeHead(status, { "Content-Type": "application/json", Connection: "close" }).end(JSON.stringify(body));
});

for (const signal of ["SIGTERM", "SIGINT"]) process.on(signal, () => server.close(() => process.exit(0)));
server.listen(3000);
