#!/bin/bash
# Creates the replica set and Filesure's users, or brings them up to date. It can run again.
# The members' names include the namespace, because KEDA resolves them from its own.
set -euo pipefail
root="mongodb://root:${MONGODB_ROOT_PASSWORD}@"

# The first member alone, then the others: each created its user root at its first start, and a member with data
# can join a set but not start one.
mongosh --quiet "${root}mongodb-0.mongodb.filesure.svc:27017/admin?directConnection=true" --eval '
  try { rs.status() } catch (error) {
    if (error.codeName !== "NotYetInitialized") throw error;
    rs.initiate({ _id: "rs0", members: [{ _id: 0, host: "mongodb-0.mongodb.filesure.svc:27017" }] });
  }
  while (!db.hello().isWritablePrimary && !db.hello().primary) sleep(500);'

hosts="mongodb-0.mongodb.filesure.svc:27017,mongodb-1.mongodb.filesure.svc:27017,mongodb-2.mongodb.filesure.svc:27017"
mongosh --quiet "${root}${hosts}/admin?replicaSet=rs0" --eval '
  for (const host of ["mongodb-1.mongodb.filesure.svc:27017", "mongodb-2.mongodb.filesure.svc:27017"])
    if (!rs.conf().members.some(member => member.host === host)) rs.add(host);
  const filesure = db.getSiblingDB("filesure");
  const grant = (user, pwd, ...names) => {
    const roles = names.map(role => ({ role, db: "filesure" }));
    if (filesure.getUser(user)) filesure.updateUser(user, { pwd, roles });
    else filesure.createUser({ user, pwd, roles });
  };
  grant("filesure", process.env.MONGODB_PASSWORD, "readWrite");
  grant("prepare", process.env.MONGODB_PREPARE_PASSWORD, "readWrite", "dbAdmin");
  grant("keda", process.env.MONGODB_KEDA_PASSWORD, "read");'
