// Everything that Filesure needs in one resource group: `make azure-up` (docs/deployment.md).
targetScope = 'resourceGroup'

@description('Begins the names of all resources.')
@minLength(3)
@maxLength(12)
param name string

@allowed(['dev', 'prod'])
param stage string

param location string = resourceGroup().location

@description('Size of the nodes that run workers.')
param nodeSize string

@minValue(1)
param nodesMin int

@minValue(1)
param nodesMax int

@description('documentdb creates an Azure DocumentDB cluster; uri uses Atlas or another MongoDB.')
@allowed(['documentdb', 'uri'])
param mongodb string

@description('Tier of Azure DocumentDB, such as M30.')
param mongodbTier string = 'M30'

@secure()
@description('Password of the administrator of Azure DocumentDB; unused with mongodb=uri.')
param mongodbPassword string

@description('Also create Azure Managed Prometheus and Grafana.')
param managedMonitoring bool

@description('Object id of the person who administers the cluster and writes secrets to the vault.')
param administratorId string

@description('Address ranges, such as an office, that may reach the API server; empty: every address.')
param authorizedRanges array = []

var production = stage == 'prod'
var prefix = '${name}-${stage}'
var unique = take(uniqueString(resourceGroup().id), 6)

module network 'modules/network.bicep' = {
  name: 'network'
  params: { prefix: prefix, location: location }
}

module cluster 'modules/cluster.bicep' = {
  name: 'cluster'
  params: {
    prefix: prefix
    location: location
    production: production
    subnetId: network.outputs.nodesSubnetId
    nodeSize: nodeSize
    nodesMin: nodesMin
    nodesMax: nodesMax
    authorizedRanges: authorizedRanges
    managedMonitoring: managedMonitoring
    administratorId: administratorId
  }
}

module storage 'modules/storage.bicep' = {
  name: 'storage'
  params: {
    accountName: toLower('${name}${stage}${unique}')
    location: location
    production: production
    endpointsSubnetId: network.outputs.endpointsSubnetId
    blobZoneId: network.outputs.blobZoneId
  }
}

module vault 'modules/vault.bicep' = {
  name: 'vault'
  params: {
    vaultName: '${name}-${stage}-${unique}'
    location: location
    production: production
    administratorId: administratorId
  }
}

module identities 'modules/identities.bicep' = {
  name: 'identities'
  params: {
    prefix: prefix
    location: location
    issuer: cluster.outputs.issuer
    accountName: storage.outputs.accountName
    vaultName: vault.outputs.vaultName
  }
}

module database 'modules/mongodb.bicep' = if (mongodb == 'documentdb') {
  name: 'mongodb'
  params: {
    prefix: prefix
    location: location
    production: production
    tier: mongodbTier
    password: mongodbPassword
    endpointsSubnetId: network.outputs.endpointsSubnetId
    mongoZoneId: network.outputs.mongoZoneId
  }
}

module monitoring 'modules/monitoring.bicep' = if (managedMonitoring) {
  name: 'monitoring'
  params: { prefix: prefix, location: location, clusterName: cluster.outputs.clusterName }
}

output clusterName string = cluster.outputs.clusterName
output accountUrl string = storage.outputs.accountUrl
output vaultName string = vault.outputs.vaultName
output vaultUrl string = vault.outputs.vaultUrl
output tenantId string = tenant().tenantId
output clientIds object = identities.outputs.clientIds
output mongodbHost string = mongodb == 'documentdb' ? database!.outputs.host : ''
