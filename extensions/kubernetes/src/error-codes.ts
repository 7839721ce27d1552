/** Codes of the failures this package throws, beside those of `@tau/tools`. */
export const kubernetesErrorCodes = {
  "kubernetes.config":
    "The cluster's configuration cannot be used. The message names the file or the field; correct it, or name another context.",
  "kubernetes.unreachable":
    "The cluster's API server did not answer. Check the address, the network and the certificates, then try again.",
  "kubernetes.unauthorized":
    "The cluster does not know these credentials. Renew the token or the certificate of the context.",
  "kubernetes.forbidden":
    "The cluster forbids this. The message names the verb, the resource and the namespace: have a role grant exactly that, or do without.",
  "kubernetes.not_found": "The cluster has no such object. List what there is, and check name and namespace.",
  "kubernetes.unknown_resource":
    "The cluster serves no such kind of resource. List the resources that it has.",
  "kubernetes.conflict":
    "The object is another than the one that was decided on, or another manager owns a field. Look again and ask again.",
  "kubernetes.invalid":
    "The cluster refuses the object or the request. The message has its reasons; correct them.",
  "kubernetes.failed": "The cluster could not do it. The message has its status; try later.",
  "kubernetes.denied":
    "Tau's settings do not let this namespace, kind or object be changed. Ask the person to do it, or to change the settings.",
  "kubernetes.not_previewed":
    "A change is carried out only as its preview showed it. Use the change tool together with its hook, which puts the preview in the call.",
  "kubernetes.too_large":
    "The change is too large for a person to be shown all of it. Change less at once, or have a person do it.",
  "kubernetes.pod_failed":
    "The pod of the environment did not start, or is gone. The message has the cluster's reason; check image, runtime class, quota and nodes.",
} as const;

/** A code of a failure of this package. */
export type KubernetesErrorCode = keyof typeof kubernetesErrorCodes;
