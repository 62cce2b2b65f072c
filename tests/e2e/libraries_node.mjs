// One call with an official client library for Node, told as JSON on the command line; the outcome is one line of JSON.
// usage: node libraries_node.mjs PACKAGES '{"api", "root", "key", "text", "streamed", "stopAfter"}'
import { createRequire } from 'node:module';
import { pathToFileURL } from 'node:url';

const [packages, request] = process.argv.slice(2);
const { api, root, key, text, streamed, stopAfter } = JSON.parse(request);
const MODEL = 'smollm2';
const WAIT = 120_000;

const { resolve } = createRequire(`${packages}/package.json`);
const load = (name) => import(pathToFileURL(resolve(name)));

const user = [{ role: 'user', content: text }];

async function openai() {
  const { OpenAI, OpenAIError } = await load('openai');
  return { client: new OpenAI({ baseURL: `${root}/v1`, apiKey: key, timeout: WAIT, maxRetries: 0 }), errors: [OpenAIError] };
}

async function anthropic() {
  const { Anthropic, AnthropicError } = await load('@anthropic-ai/sdk');
  return { client: new Anthropic({ baseURL: root, apiKey: key, timeout: WAIT, maxRetries: 0 }), errors: [AnthropicError] };
}

async function ollama() {
  const { Ollama } = await load('ollama');
  return { client: new Ollama({ host: root, headers: { authorization: `Bearer ${key}` } }), errors: [] };
}

// Each: how a client is made, what it asks, the text of an answer, the text of a streamed piece, how a stream is stopped.
const stopSdk = (stream) => stream.controller.abort();
const stopOllama = (stream) => stream.abort();
const APIS = {
  chat: [openai, (client, stream) => client.chat.completions.create({ model: MODEL, messages: user, stream }),
    (answer) => answer.choices[0].message.content, (piece) => piece.choices[0]?.delta.content, stopSdk],
  responses: [openai, (client, stream) => client.responses.create({ model: MODEL, input: text, stream }),
    (answer) => answer.output_text, (piece) => (piece.type === 'response.output_text.delta' ? piece.delta : ''), stopSdk],
  completions: [openai, (client, stream) => client.completions.create({ model: MODEL, prompt: text, stream }),
    (answer) => answer.choices[0].text, (piece) => piece.choices[0].text, stopSdk],
  messages: [anthropic, (client, stream) => client.messages.create({ model: MODEL, max_tokens: 40, messages: user, stream }),
    (answer) => answer.content[0].text, (piece) => piece.delta?.text, stopSdk],
  'ollama-chat': [ollama, (client, stream) => client.chat({ model: MODEL, messages: user, stream }),
    (answer) => answer.message.content, (piece) => piece.message.content, stopOllama],
  'ollama-generate': [ollama, (client, stream) => client.generate({ model: MODEL, prompt: text, stream }),
    (answer) => answer.response, (piece) => piece.response, stopOllama],
  models: [openai, (client) => client.models.list(), (answer) => answer.data.map((model) => model.id).join()],
  'count-tokens': [anthropic, (client) => client.messages.countTokens({ model: MODEL, messages: user }), (answer) => `${answer.input_tokens}`],
  'ollama-list': [ollama, (client) => client.list(), (answer) => answer.models.map((model) => model.name).join()],
};

async function call() {
  const [make, ask, textOf, pieceOf, stop] = APIS[api];
  const { client, errors } = await make();
  let answer = '';
  try {
    if (!streamed) return { text: textOf(await ask(client, false)) };
    const stream = await ask(client, true);
    let pieces = 0;
    for await (const piece of stream) {
      answer += pieceOf(piece) ?? '';
      pieces += 1;
      if (pieces === stopAfter) {
        const stopped = Date.now();
        stop(stream);
        return { text: answer, stopped };
      }
    }
    return { text: answer };
  } catch (error) {
    // The Ollama library exports no error type: it throws a ResponseError for a status, and a plain Error for one inside a stream.
    const own = errors.some((type) => error instanceof type) || (api.startsWith('ollama') && ['ResponseError', 'Error'].includes(error.constructor.name));
    return { text: answer, error: { kind: error.constructor.name, own, message: error.message, status: error.status ?? error.status_code ?? null } };
  }
}

console.log(JSON.stringify(await call()));
process.exit(0);
