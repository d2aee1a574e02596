// Runs dynalite in a thread of its own, so that it does not share the event loop with what is tested.
const { parentPort } = require('node:worker_threads');
const dynalite = require('dynalite');

const server = dynalite({ createTableMs: 0, deleteTableMs: 0 });
server.listen(0, '127.0.0.1', () => parentPort.postMessage(server.address().port));
