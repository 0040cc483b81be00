// Azure DocumentDB (formerly Cosmos DB for MongoDB vCore), reached by a private endpoint.
param prefix string
param location string
param production bool
param tier string

@secure()
param password string

param endpointsSubnetId string
param mongoZoneId string

resource cluster 'Microsoft.DocumentDB/mongoClusters@2024-07-01' = {
  name: '${prefix}-mongodb'
  location: location
  properties: {
    administrator: { userName: 'filesureadmin', password: password }
    serverVersion: '8.0'
    compute: { tier: tier }
    storage: { sizeGb: production ? 128 : 32 }
    sharding: { shardCount: 1 }
    highAvailability: { targetMode: production ? 'ZoneRedundantPreferred' : 'Disabled' }
    publicNetworkAccess: 'Disabled'
  }
}

resource endpoint 'Microsoft.Network/privateEndpoints@2024-05-01' = {
  name: '${prefix}-mongodb'
  location: location
  properties: {
    subnet: { id: endpointsSubnetId }
    privateLinkServiceConnections: [
      { name: 'mongodb', properties: { privateLinkServiceId: cluster.id, groupIds: ['MongoCluster'] } }
    ]
  }

  resource names 'privateDnsZoneGroups' = {
    name: 'default'
    properties: { privateDnsZoneConfigs: [{ name: 'mongodb', properties: { privateDnsZoneId: mongoZoneId } }] }
  }
}

output host string = '${cluster.name}.mongocluster.cosmos.azure.com'
