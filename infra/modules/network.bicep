// One network: a subnet for nodes, one for private endpoints, and the private names of both services.
param prefix string
param location string

resource network 'Microsoft.Network/virtualNetworks@2024-05-01' = {
  name: '${prefix}-network'
  location: location
  properties: {
    addressSpace: { addressPrefixes: ['10.40.0.0/16'] }
    subnets: [
      // Pods have addresses of an overlay network, so that a node takes one address only.
      { name: 'nodes', properties: { addressPrefix: '10.40.0.0/22' } }
      {
        name: 'endpoints'
        properties: { addressPrefix: '10.40.8.0/26', privateEndpointNetworkPolicies: 'Disabled' }
      }
    ]
  }
}

resource blobZone 'Microsoft.Network/privateDnsZones@2024-06-01' = {
  name: 'privatelink.blob.${environment().suffixes.storage}'
  location: 'global'
}

resource blobLink 'Microsoft.Network/privateDnsZones/virtualNetworkLinks@2024-06-01' = {
  parent: blobZone
  name: 'network'
  location: 'global'
  properties: { registrationEnabled: false, virtualNetwork: { id: network.id } }
}

resource mongoZone 'Microsoft.Network/privateDnsZones@2024-06-01' = {
  name: 'privatelink.mongocluster.cosmos.azure.com'
  location: 'global'
}

resource mongoLink 'Microsoft.Network/privateDnsZones/virtualNetworkLinks@2024-06-01' = {
  parent: mongoZone
  name: 'network'
  location: 'global'
  properties: { registrationEnabled: false, virtualNetwork: { id: network.id } }
}

output nodesSubnetId string = '${network.id}/subnets/nodes'
output endpointsSubnetId string = '${network.id}/subnets/endpoints'
output blobZoneId string = blobZone.id
output mongoZoneId string = mongoZone.id
