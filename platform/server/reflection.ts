// gRPC server reflection, v1 and v1alpha: the same messages under two packages.
import {
  create,
  createRegistry,
  toBinary,
  type DescFile,
  type DescService,
  type MessageInitShape,
} from "@bufbuild/protobuf";
import { FileDescriptorProtoSchema } from "@bufbuild/protobuf/wkt";
import { Code } from "@connectrpc/connect";
import {
  ServerReflection,
  ServerReflectionResponseSchema,
  type ServerReflectionRequest,
  type ServerReflectionResponse,
} from "../../gen/ts/grpc/reflection/v1/reflection_pb.js";
import { ServerReflection as ServerReflectionAlpha } from "../../gen/ts/grpc/reflection/v1alpha/reflection_pb.js";
import { Credential, Criticality, RateClass } from "../../gen/ts/trunkline/v1/policy_pb.js";
import { policyFor } from "../contract/override.js";
import { defineService, type ServiceDefinition } from "../contract/service.js";

type Answer = ServerReflectionResponse["messageResponse"];
type Question = ServerReflectionRequest["messageRequest"];

const messagesMax = 10_000;

/** Both versions of reflection, over these services. */
export function reflectionServices(services: () => readonly DescService[]): ServiceDefinition[] {
  let answers: ReturnType<typeof answerer> | undefined;
  const answerTo = (
    question: ServerReflectionRequest,
  ): MessageInitShape<typeof ServerReflectionResponseSchema> => ({
    validHost: question.host,
    originalRequest: question,
    messageResponse: (answers ??= answerer(services()))(question.messageRequest),
  });
  const policy = {
    defaults: {
      access: { credentials: [Credential.NONE] },
      deadline: { defaultMs: 60_000, maxMs: 600_000 },
      rate: { class: RateClass.UNLIMITED },
      criticality: Criticality.SHEDDABLE_PLUS,
      bounds: { streamMessagesMax: messagesMax },
    },
    reads: ["serverReflectionInfo" as const],
  };
  return [
    defineService(
      ServerReflection,
      {
        async *serverReflectionInfo(questions) {
          for await (const question of questions) yield answerTo(question);
        },
      },
      policyFor(ServerReflection, policy),
    ),
    defineService(
      ServerReflectionAlpha,
      {
        async *serverReflectionInfo(questions) {
          // v1alpha has the same fields, numbers and names under another package.
          for await (const question of questions) yield answerTo(question as never) as never;
        },
      },
      policyFor(ServerReflectionAlpha, policy),
    ),
  ];
}

/** Answers single questions about the files of these services. */
function answerer(services: readonly DescService[]): (question: Question) => Answer {
  const files = new Map<string, DescFile>();
  const add = (file: DescFile): void => {
    if (files.has(file.proto.name)) return;
    files.set(file.proto.name, file);
    file.dependencies.forEach(add);
  };
  for (const service of services) add(service.file);
  const registry = createRegistry(...files.values());
  const extensions = [...files.values()].flatMap((file) => file.extensions);

  return (question) => {
    switch (question.case) {
      case "listServices":
        return response("listServicesResponse", { service: services.map((s) => ({ name: s.typeName })) });
      case "fileByFilename":
        return fileAnswer(files.get(question.value), question.value);
      case "fileContainingSymbol":
        return fileAnswer(fileOf(question.value), question.value);
      case "fileContainingExtension": {
        const { containingType, extensionNumber } = question.value;
        const found = extensions.find(
          (e) => e.extendee.typeName === containingType && e.number === extensionNumber,
        );
        return fileAnswer(found?.file, `extension ${extensionNumber} of ${containingType}`);
      }
      case "allExtensionNumbersOfType": {
        if (registry.getMessage(question.value) === undefined) return notFound(question.value);
        const numbers = extensions.filter((e) => e.extendee.typeName === question.value).map((e) => e.number);
        return response("allExtensionNumbersResponse", {
          baseTypeName: question.value,
          extensionNumber: numbers,
        });
      }
      case undefined:
        return error(Code.InvalidArgument, "the request asks nothing");
      default:
        return question satisfies never;
    }
  };

  /** The file that declares a symbol: a type or service, or a method, field or enum value of one. */
  function fileOf(symbol: string): DescFile | undefined {
    const found = registry.get(symbol);
    if (found !== undefined) return found.file;
    const at = symbol.lastIndexOf(".");
    return at < 0 ? undefined : registry.get(symbol.slice(0, at))?.file;
  }
}

/** A file with everything that it imports, dependencies last. */
function fileAnswer(file: DescFile | undefined, what: string): Answer {
  if (file === undefined) return notFound(what);
  const closure = new Set<DescFile>();
  const add = (f: DescFile): void => {
    if (closure.has(f)) return;
    closure.add(f);
    f.dependencies.forEach(add);
  };
  add(file);
  const fileDescriptorProto = [...closure].map((f) => toBinary(FileDescriptorProtoSchema, f.proto));
  return response("fileDescriptorResponse", { fileDescriptorProto });
}

function notFound(what: string): Answer {
  return error(Code.NotFound, `${what.slice(0, 256)} not found`);
}

function error(errorCode: number, errorMessage: string): Answer {
  return response("errorResponse", { errorCode, errorMessage });
}

/** An answer, with the defaults of its message. */
function response(name: NonNullable<Answer["case"]>, value: object): Answer {
  // The case and its value come from the callers above, one line each.
  return create(ServerReflectionResponseSchema, { messageResponse: { case: name, value } as never })
    .messageResponse;
}
