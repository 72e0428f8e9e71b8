// Fills third_party/ with the .proto files that our contracts import, from the pinned npm packages that carry them.
// No Buf Schema Registry is needed. Run by `npm run gen` and `npm run lint`; third_party/ is not committed.
import { copyFileSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { printProto } from "./print-proto.mjs";

const root = fileURLToPath(new URL("..", import.meta.url));

/** Where each import comes from, relative to node_modules. */
const files = {
  "google/api/annotations.proto": "google-proto-files/google/api/annotations.proto",
  "google/api/http.proto": "google-proto-files/google/api/http.proto",
  "google/api/httpbody.proto": "google-proto-files/google/api/httpbody.proto",
  "google/api/field_behavior.proto": "google-proto-files/google/api/field_behavior.proto",
  "google/rpc/code.proto": "google-proto-files/google/rpc/code.proto",
  "google/rpc/status.proto": "google-proto-files/google/rpc/status.proto",
  "google/rpc/error_details.proto": "google-proto-files/google/rpc/error_details.proto",
  "grpc/health/v1/health.proto": "grpc-health-check/proto/health/v1/health.proto",
  "grpc/reflection/v1/reflection.proto": "@grpc/reflection/build/proto/grpc/reflection/v1/reflection.proto",
  "grpc/reflection/v1alpha/reflection.proto":
    "@grpc/reflection/build/proto/grpc/reflection/v1alpha/reflection.proto",
};

const target = join(root, "third_party");
rmSync(target, { recursive: true, force: true });
for (const [name, source] of Object.entries(files)) {
  const to = join(target, name);
  mkdirSync(dirname(to), { recursive: true });
  copyFileSync(join(root, "node_modules", source), to);
}

// No npm package carries validate.proto as text; it is printed from the descriptor that protovalidate ships.
const { file_buf_validate_validate: validate } =
  await import("@bufbuild/protovalidate/gen/buf/validate/validate_pb.js");
const notice = readFileSync(new URL("./validate-notice.txt", import.meta.url), "utf8");
const to = join(target, "buf/validate/validate.proto");
mkdirSync(dirname(to), { recursive: true });
writeFileSync(to, notice + printProto(validate.proto));
