// A small OpenAI-compatible server for a small real model: GET /v1/models, POST /v1/chat/completions (streamed or not).
// usage: node model_server.mjs PORT WEIGHTS NAME PACKAGES, where PACKAGES is the folder in which node-llama-cpp is installed
import { createServer } from 'node:http';
import { createRequire } from 'node:module';
import { pathToFileURL } from 'node:url';

const [port, weights, name, packages] = process.argv.slice(2);
const CONTEXT = 1024; // tokens; longer prompts lose their oldest, for two cores read some hundred a second
const ANSWER = 24; // tokens at most: enough to be an answer, short enough for two cores

const library = createRequire(`${packages}/package.json`).resolve('node-llama-cpp');
const { getLlama, LlamaCompletion } = await import(pathToFileURL(library));
const llama = await getLlama({ gpu: false, build: 'never', progressLogs: false, logLevel: 'error' });
const model = await llama.loadModel({ modelPath: weights });
// One thread: on a busy machine several wait for each other in a spin, and a second's work takes minutes.
const context = await model.createContext({ contextSize: CONTEXT, sequences: 1, threads: 1 });
const completion = new LlamaCompletion({ contextSequence: context.getSequence() });

/** Runs one after the other: the context has one sequence. */
let last = Promise.resolve();
function inTurn(work) {
  const result = last.then(work);
  last = result.catch(() => {});
  return result;
}

function textOf(content) {
  if (typeof content === 'string') return content;
  return (content ?? []).map((part) => part.text ?? '').join('\n');
}

/** ChatML, which SmolLM2 speaks. Tools are left out: a model of this size calls none. */
function tokensOf(messages) {
  const turns = messages.map(({ role, content }) => `<|im_start|>${role}\n${textOf(content)}<|im_end|>\n`);
  const tokens = model.tokenize(`${turns.join('')}<|im_start|>assistant\n`, true);
  return tokens.slice(-(CONTEXT - ANSWER - 8));
}

async function answer(body, signal, onTextChunk) {
  const tokens = tokensOf(body.messages);
  const limit = body.max_completion_tokens ?? body.max_tokens ?? ANSWER;
  const options = { maxTokens: Math.min(limit, ANSWER), temperature: 0, signal, stopOnAbortSignal: true, customStopTriggers: ['<|im_end|>'], onTextChunk };
  const text = await inTurn(() => completion.generateCompletion(tokens, options));
  const written = model.tokenize(text).length;
  return { text, usage: { prompt_tokens: tokens.length, completion_tokens: written, total_tokens: tokens.length + written } };
}

function sendJson(response, status, value) {
  response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(value));
}

async function chat(body, response) {
  const gone = new AbortController();
  response.on('close', () => gone.abort());
  const about = { id: `chatcmpl-${Date.now()}`, created: Math.floor(Date.now() / 1000), model: name };
  if (!body.stream) {
    const { text, usage } = await answer(body, gone.signal);
    const choices = [{ index: 0, message: { role: 'assistant', content: text }, finish_reason: 'stop' }];
    sendJson(response, 200, { ...about, object: 'chat.completion', choices, usage });
    return;
  }
  response.writeHead(200, { 'content-type': 'text/event-stream' });
  const send = (value) => response.write(`data: ${JSON.stringify({ ...about, object: 'chat.completion.chunk', ...value })}\n\n`);
  const delta = (part, finish_reason = null) => send({ choices: [{ index: 0, delta: part, finish_reason }] });
  delta({ role: 'assistant', content: '' });
  const { usage } = await answer(body, gone.signal, (text) => delta({ content: text }));
  delta({}, 'stop');
  if (body.stream_options?.include_usage) send({ choices: [], usage });
  response.end('data: [DONE]\n\n');
}

async function readJson(request) {
  const pieces = [];
  for await (const piece of request) pieces.push(piece);
  return JSON.parse(Buffer.concat(pieces).toString());
}

const server = createServer(async (request, response) => {
  try {
    if (request.url === '/v1/models') {
      sendJson(response, 200, { object: 'list', data: [{ id: name, object: 'model', created: 0, owned_by: 'e2e' }] });
    } else if (request.url === '/v1/chat/completions' && request.method === 'POST') {
      await chat(await readJson(request), response);
    } else {
      sendJson(response, 404, { error: { message: `this model server has no ${request.method} ${request.url}`, type: 'invalid_request_error' } });
    }
  } catch (error) {
    if (response.headersSent) response.destroy();
    else sendJson(response, 500, { error: { message: String(error), type: 'server_error' } });
  }
});
server.listen(Number(port), '127.0.0.1', () => console.log(`listening on ${port}`));
