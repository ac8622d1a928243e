// Every statement, pattern and figure of the notes, in their order, under their headings.

/** The ids of the rows of docs/bun-notes.md. A row that is lost or out of order fails a test. */
export const OUTLINE: Readonly<Record<string, string>> = {
  "Memory Management": `
    memory/engine memory/generations memory/footprint memory/tiers memory/buffer-from-string memory/views
    memory/file-is-lazy memory/text-streams memory/slice memory/manual-gc memory/nulling memory/weak-map
    memory/stream memory/request-pool memory/object-pool memory/pool-speed`,
  "Async Programming": `
    async/libuv async/order async/await async/sequential async/promise-all async/all-settled async/generators
    async/pages async/relative-url async/timeout async/shared-cancellation async/shared-cancellation-status
    async/worker async/worker-pool`,
  "Bun vs Node.js": `
    node/startup node/file-io node/http node/memory node/resolution node/read-file node/env node/password
    node/password-in-node node/sqlite node/sqlite-in-node node/test node/test-in-node modules/both
    modules/top-level-await modules/extensions modules/bare-specifier`,
  "HTTP Server with WebSockets": `
    http/basic http/missing-file http/address http/error-handler http/cors http/upload-name http/upload-memory
    http/stream http/stream-start-ignores-the-client http/sse http/sse-idle http/sse-after-disconnect
    websocket/upgrade websocket/user-from-query websocket/any-origin websocket/publish-to-others
    websocket/invalid-json websocket/private websocket/ping websocket/close websocket/error-handler
    websocket/error-handler-async websocket/drain websocket/backpressure-drops websocket/payload-limit
    websocket/compression websocket/idle-timeout websocket/rooms websocket/presence websocket/rate-limit`,
  "SQL & Database": `
    sqlite/create sqlite/insert sqlite/transaction sqlite/async-transaction sqlite/get-and-all sqlite/iterate
    sqlite/close sqlite/named-parameters sqlite/json-join sqlite/full-text-search sqlite/migrations
    sqlite/pool sqlite/pool-busy sqlite/query-builder postgres/built-in postgres/pool postgres/parameters
    postgres/transaction postgres/lists postgres/values postgres/lost-connection mysql/built-in
    mysql/parameters mysql/transaction mysql/lists mysql/values mysql/lost-connection`,
  "Advanced Topics": `
    loaders/config loaders/json loaders/yaml ffi/dlopen ffi/coercion transpiler/transform build/options
    build/failure hot/state hot/import-meta testing/basics testing/snapshots tips/file-speed tips/file
    tips/stream sqlite/prepared tips/batch tips/sleep deployment/config deployment/shutdown
    deployment/shutdown-streams`,
  "Performance Benchmarks": `
    benchmarks/startup benchmarks/modules benchmarks/http benchmarks/sqlite`,
  Conclusion: `
    conclusion/complete conclusion/typescript`,
};
