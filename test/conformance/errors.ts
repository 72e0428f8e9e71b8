import { create, toBinary, type MessageInitShape } from "@bufbuild/protobuf";
import type { Any } from "@bufbuild/protobuf/wkt";
import { ConnectError } from "@connectrpc/connect";
import type { Error as SuiteError, ErrorSchema } from "../../gen/ts/connectrpc/conformance/v1/service_pb.js";

const typePrefix = "type.googleapis.com/";

/** An error of the suite as one of Connect, with its details. */
export function errorFromSuite({ code, message, details }: SuiteError): ConnectError {
  // oxlint-disable-next-line typescript/no-unsafe-enum-assignment -- two enums of the same numbers
  const error = new ConnectError(message ?? "", code as number);
  error.details.push(
    ...details.map(({ typeUrl, value }) => ({ type: typeUrl.slice(typeUrl.lastIndexOf("/") + 1), value })),
  );
  return error;
}

/** An error that came over the wire as the suite wants it reported. */
export function errorToSuite(error: ConnectError): MessageInitShape<typeof ErrorSchema> {
  return {
    // oxlint-disable-next-line typescript/no-unsafe-enum-assignment -- as above
    code: error.code as number,
    message: error.rawMessage,
    details: error.details.map(detailToSuite),
  };
}

function detailToSuite(detail: ConnectError["details"][number]): Pick<Any, "typeUrl" | "value"> {
  if ("type" in detail) return { typeUrl: typePrefix + detail.type, value: detail.value };
  return {
    typeUrl: typePrefix + detail.desc.typeName,
    value: toBinary(detail.desc, create(detail.desc, detail.value)),
  };
}
