import { ScalarType, type DescMessage, type Message } from "@bufbuild/protobuf";
import { reflect, type ReflectMessage } from "@bufbuild/protobuf/reflect";

const depthMax = 8;
const listMax = 20;
const textMax = 200;

/**
 * A message as it may be logged: fields marked `debug_redact` read "[redacted]"; long lists, texts, bytes and deep
 * nesting are cut.
 */
export function redacted(desc: DescMessage, message: Message): Record<string, unknown> {
  return redactMessage(reflect(desc, message), 1);
}

function redactMessage(message: ReflectMessage, depth: number): Record<string, unknown> {
  const out: Record<string, unknown> = {};
  for (const field of message.fields) {
    if (!message.isSet(field)) continue;
    if (field.proto.options?.debugRedact === true) {
      out[field.name] = "[redacted]";
      continue;
    }
    switch (field.fieldKind) {
      case "message":
        out[field.name] = nested(message.get(field), depth);
        break;
      case "list":
        out[field.name] = [...message.get(field)].slice(0, listMax).map((item) => nested(item, depth));
        break;
      case "map":
        out[field.name] = Object.fromEntries(
          [...message.get(field)]
            .slice(0, listMax)
            .map(([key, value]) => [String(key), nested(value, depth)]),
        );
        break;
      case "scalar":
        out[field.name] = field.scalar === ScalarType.BYTES ? "[bytes]" : plain(message.get(field));
        break;
      case "enum":
        out[field.name] = message.get(field);
        break;
      default:
        field satisfies never;
    }
  }
  return out;
}

function nested(value: unknown, depth: number): unknown {
  if (isReflectMessage(value)) return depth >= depthMax ? "[deep]" : redactMessage(value, depth + 1);
  return plain(value);
}

function isReflectMessage(value: unknown): value is ReflectMessage {
  return typeof value === "object" && value !== null && "desc" in value && "fields" in value;
}

function plain(value: unknown): unknown {
  if (typeof value === "bigint") return value.toString();
  if (value instanceof Uint8Array) return "[bytes]";
  if (typeof value === "string" && value.length > textMax) return `${value.slice(0, textMax)}...`;
  return value;
}
