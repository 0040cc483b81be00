#!/bin/bash
# Makes the replica set and Filesure's user, or finds them made. Runs again until it has.
set -euo pipefail
root="mongodb://root:${MONGODB_ROOT_PASSWORD}@"

# The first member alone, then the others: each made its user root at its first start, and one that holds data
# can be added to a set but not begin one.
mongosh --quiet "${root}mongodb-0.mongodb:27017/admin?directConnection=true" --eval '
  try { rs.status() } catch (error) {
    if (error.codeName !== "NotYetInitialized") throw error;
    rs.initiate({ _id: "rs0", members: [{ _id: 0, host: "mongodb-0.mongodb:27017" }] });
  }
  while (!db.hello().isWritablePrimary && !db.hello().primary) sleep(500);'

hosts="mongodb-0.mongodb:27017,mongodb-1.mongodb:27017,mongodb-2.mongodb:27017"
mongosh --quiet "${root}${hosts}/admin?replicaSet=rs0" --eval '
  for (const host of ["mongodb-1.mongodb:27017", "mongodb-2.mongodb:27017"])
    if (!rs.conf().members.some(member => member.host === host)) rs.add(host);
  const filesure = db.getSiblingDB("filesure"), pwd = process.env.MONGODB_PASSWORD;
  const roles = [{ role: "readWrite", db: "filesure" }, { role: "dbAdmin", db: "filesure" }];
  if (filesure.getUser("filesure")) filesure.updateUser("filesure", { pwd, roles });
  else filesure.createUser({ user: "filesure", pwd, roles });'
