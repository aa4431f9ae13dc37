// A WebSocket by Node's own HTTP/2 (nghttp2): asks for a tunnel, says one masked text, prints what comes back as JSON.
// node websocket_node.mjs PORT PATH CA CERTIFICATE KEY
import { readFileSync } from 'node:fs'
import http2 from 'node:http2'

const [port, path, ca, cert, key] = process.argv.slice(2)
const client = http2.connect(`https://localhost:${port}`, {
  ca: readFileSync(ca), cert: readFileSync(cert), key: readFileSync(key),
})
const said = { setting: false, status: 0, accept: null, octets: '', code: null }

function frame(opcode, text) {
  const content = Buffer.from(text)
  const mask = Buffer.from([1, 2, 3, 4])
  return Buffer.concat([Buffer.from([0x80 | opcode, 0x80 | content.length]), mask, content.map((one, at) => one ^ mask[at % 4])])
}

client.on('error', (error) => { console.error(error.code); process.exit(1) })
client.on('remoteSettings', (settings) => {
  said.setting = settings.enableConnectProtocol
  const stream = client.request({
    ':method': 'CONNECT', ':protocol': 'websocket', ':scheme': 'https', ':authority': 'localhost', ':path': path,
    'sec-websocket-version': '13', origin: 'https://localhost',
  })
  const heard = []
  stream.on('response', (head) => {
    said.status = head[':status']
    said.accept = head['sec-websocket-accept'] ?? null
    stream.write(frame(1, 'hello'))
  })
  stream.on('data', (data) => {
    heard.push(data)
    if (Buffer.concat(heard).length === 7) stream.end(frame(8, ''))
  })
  stream.on('close', () => {
    said.octets = Buffer.concat(heard).toString('hex')
    said.code = stream.rstCode
    console.log(JSON.stringify(said))
    client.close()
  })
})
