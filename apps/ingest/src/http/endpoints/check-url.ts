import { judgeUrl, type UrlPolicy } from "@postback/domain";
import { Refusal } from "../../refusal.ts";

/** @throws {Refusal} forbidden-address, or invalid-input for what is no URL of ours */
export type CheckUrl = (url: string) => void;

/** Judges a URL by its text, at registration; the sender judges it again, with the addresses of its name. */
export const checkUrlBy =
  (policy: UrlPolicy): CheckUrl =>
  (url) => {
    const verdict = judgeUrl(url, policy);
    if (verdict.ok) return;
    const isForbidden = verdict.code === "address-forbidden" || verdict.code === "name-forbidden";
    throw new Refusal(
      isForbidden ? "forbidden-address" : "invalid-input",
      `The URL can't be used: ${verdict.message}.`,
      {
        errors: [{ pointer: "/url", message: verdict.message }],
      },
    );
  };
