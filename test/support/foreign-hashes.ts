/** The password of every hash below. */
export const foreignPassword = "pâte à choux";

/** Hashes made by the programs they are named after: libxcrypt, argon2-cffi, Django, passlib, Python's hashlib. */
export const foreignHashes: Readonly<Record<string, string>> = {
  "bcrypt 2a": "$2a$04$rYkwBcEK2XbQ2gBg4YZMmeXvbfiZMYiKV8XtY2VDULliJbxIJYN0.",
  "bcrypt 2b": "$2b$04$13dHq7.bVX8HTDBmEMHSU.5AfYqXaAGBds1tH/I9q3knSDyMQqc2q",
  "bcrypt 2y": "$2y$04$ZOIr5pxNfbkcAqluWApTGe04Vzwnh03.CxZ13MBfVe9bp8XoLiI4.",
  argon2i: "$argon2i$v=19$m=64,t=2,p=2$c2FsdHlzYWx0MDEyMzQ1Ng$GKS61ytpPq8Ul8kW0Ar6yFIuDURdyOYp",
  argon2id: "$argon2id$v=19$m=64,t=2,p=2$c2FsdHlzYWx0MDEyMzQ1Ng$S4qttlJNDj3U9xrnM79RKGYB6XTsny40",
  "Django's argon2":
    "argon2$argon2id$v=19$m=128,t=2,p=8$cEJnemNQRFJMRDY5SzZidnBUTGNTbw$QXKfChUe0F1v8C7pe8yR+1raQoeVxUMLoAx8axHBOd8",
  scrypt: "$scrypt$ln=4,r=8,p=2$l/IeQ0ip9d5bi/Fei9FaKw$WQf1VdKjnYe4J9p6anrkAc+YoOM0yXSUfGP02tclPJU",
  "better-auth":
    "1c50892c354da5b23ec3b5007649bc6e:96348dac8d9b6783fee01f18e8ef0a501548ce9a3c8b43a75376b698ba1e771091c7eee556cbca3efa487c1768f632035b8a3061c6eab49d32fe5e543e48b501",
  "Django's PBKDF2": "pbkdf2_sha256$1000$seasalt$qTqsBvxoGrjNWHVAm1MJjFByZAqu+vvQAlSznq+2SvM=",
  "Django's PBKDF2 with SHA-1": "pbkdf2_sha1$1000$seasalt$0JfqOsJVjhSidL9XIukWuWu9O20=",
  "passlib's PBKDF2": "$pbkdf2-sha256$1000$DoHQWuu9N.Zc6z2HsDbm3A$is5oOpwHkQL4tdqLeLTQml.fyPB6dD6bVCuo.RJypfE",
  "passlib's PBKDF2 with SHA-512":
    "$pbkdf2-sha512$1000$.987JySEsNZ6r3VOidF6jw$ukaQH5emIjbKYl.uJJU6txbpM5GOeFdv4GGYa0X5pAKtAWcPFY9/iU0LwoDqiWvnOgw//UxxsJk58mPQ3TKlRg",
  PBKDF2: "$pbkdf2-sha512$i=1000,l=32$c2FsdHlzYWx0MDEyMzQ1Ng$IqFyjQK2kSeLMPjUpKQaOp6T11WsYCzLOK2a0JPYKWk",
};
