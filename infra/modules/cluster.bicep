// AKS: Workload Identity, KEDA's add-on, and a network that enforces NetworkPolicies.
param prefix string
param location string
param production bool
param subnetId string
param nodeSize string
param nodesMin int
param nodesMax int
param authorizedRanges array
param managedMonitoring bool
param administratorId string

var clusterAdmin = 'b1ff04bb-8a4e-4dc4-8eb5-8693973ce19b'
var networkContributor = '4d97b98b-1d4f-4787-a291-c67834d212e7'

resource identity 'Microsoft.ManagedIdentity/userAssignedIdentities@2023-01-31' = {
  name: '${prefix}-cluster'
  location: location
}

resource network 'Microsoft.Network/virtualNetworks@2024-05-01' existing = {
  name: '${prefix}-network'
  resource nodes 'subnets' existing = { name: 'nodes' }
}

// For load balancers in the nodes' subnet.
resource joins 'Microsoft.Authorization/roleAssignments@2022-04-01' = {
  name: guid(network::nodes.id, identity.id, networkContributor)
  scope: network::nodes
  properties: {
    principalId: identity.properties.principalId
    principalType: 'ServicePrincipal'
    roleDefinitionId: subscriptionResourceId('Microsoft.Authorization/roleDefinitions', networkContributor)
  }
}

resource cluster 'Microsoft.ContainerService/managedClusters@2025-01-01' = {
  name: prefix
  location: location
  // The Free tier has no guaranteed API server.
  sku: { name: 'Base', tier: production ? 'Standard' : 'Free' }
  identity: { type: 'UserAssigned', userAssignedIdentities: { '${identity.id}': {} } }
  dependsOn: [joins]
  properties: {
    dnsPrefix: prefix
    disableLocalAccounts: true
    enableRBAC: true
    aadProfile: { managed: true, enableAzureRBAC: true }
    apiServerAccessProfile: empty(authorizedRanges) ? null : { authorizedIPRanges: authorizedRanges }
    autoUpgradeProfile: { upgradeChannel: 'patch', nodeOSUpgradeChannel: 'NodeImage' }
    oidcIssuerProfile: { enabled: true }
    securityProfile: { workloadIdentity: { enabled: true } }
    workloadAutoScalerProfile: { keda: { enabled: true } }
    azureMonitorProfile: { metrics: { enabled: managedMonitoring } }
    networkProfile: {
      networkPlugin: 'azure'
      networkPluginMode: 'overlay'
      networkDataplane: 'cilium'
      networkPolicy: 'cilium'
    }
    agentPoolProfiles: [
      {
        name: 'nodes'
        mode: 'System'
        osType: 'Linux'
        osSKU: 'AzureLinux'
        vmSize: nodeSize
        vnetSubnetID: subnetId
        enableAutoScaling: true
        count: nodesMin
        minCount: nodesMin
        maxCount: nodesMax
        availabilityZones: production ? ['1', '2', '3'] : null
      }
    ]
  }
}

resource administers 'Microsoft.Authorization/roleAssignments@2022-04-01' = {
  name: guid(cluster.id, administratorId, clusterAdmin)
  scope: cluster
  properties: {
    principalId: administratorId
    roleDefinitionId: subscriptionResourceId('Microsoft.Authorization/roleDefinitions', clusterAdmin)
  }
}

output clusterName string = cluster.name
output issuer string = cluster.properties.oidcIssuerProfile.issuerURL
