// One identity per component, with the containers that each may write: no worker reaches accounts or the vault.
param prefix string
param location string
param issuer string
param accountName string
param vaultName string

var blobDataContributor = 'ba92f5b4-2d11-453d-a403-e96b0029c9fe'
var secretsUser = '4633458b-17de-408a-b874-0445c86b69e6'

var components = ['web', 'worker', 'backup', 'secrets']
// The Job prepare creates no blobs; it has the worker's identity to check the container.
var serviceAccounts = [
  { component: 'web', account: 'web' }
  { component: 'worker', account: 'worker' }
  { component: 'worker', account: 'prepare' }
  { component: 'backup', account: 'backup' }
  { component: 'secrets', account: 'secrets' }
]
var writers = [
  { component: 'web', container: 'filings' }
  { component: 'web', container: 'accounts' }
  { component: 'worker', container: 'filings' }
  // prune deletes documents.
  { component: 'backup', container: 'filings' }
  { component: 'backup', container: 'backups' }
]

resource identities 'Microsoft.ManagedIdentity/userAssignedIdentities@2023-01-31' = [
  for each in components: {
    name: '${prefix}-${each}'
    location: location
  }
]

// One after the other: Azure refuses concurrent writes to an identity.
@batchSize(1)
resource federations 'Microsoft.ManagedIdentity/userAssignedIdentities/federatedIdentityCredentials@2023-01-31' = [
  for each in serviceAccounts: {
    name: '${prefix}-${each.component}/${each.account}'
    dependsOn: [identities]
    properties: {
      issuer: issuer
      subject: 'system:serviceaccount:filesure:${each.account}'
      audiences: ['api://AzureADTokenExchange']
    }
  }
]

resource account 'Microsoft.Storage/storageAccounts@2023-05-01' existing = {
  name: accountName
  resource blobs 'blobServices' existing = { name: 'default' }
}

resource containers 'Microsoft.Storage/storageAccounts/blobServices/containers@2023-05-01' existing = [
  for each in writers: {
    parent: account::blobs
    name: each.container
  }
]

resource mayWrite 'Microsoft.Authorization/roleAssignments@2022-04-01' = [
  for (each, i) in writers: {
    name: guid(account.id, each.container, each.component, blobDataContributor)
    scope: containers[i]
    properties: {
      principalId: identities[indexOf(components, each.component)].properties.principalId
      principalType: 'ServicePrincipal'
      roleDefinitionId: subscriptionResourceId('Microsoft.Authorization/roleDefinitions', blobDataContributor)
    }
  }
]

resource vault 'Microsoft.KeyVault/vaults@2023-07-01' existing = {
  name: vaultName
}

resource mayRead 'Microsoft.Authorization/roleAssignments@2022-04-01' = {
  name: guid(vault.id, 'secrets', secretsUser)
  scope: vault
  properties: {
    principalId: identities[3].properties.principalId
    principalType: 'ServicePrincipal'
    roleDefinitionId: subscriptionResourceId('Microsoft.Authorization/roleDefinitions', secretsUser)
  }
}

output clientIds object = {
  web: identities[0].properties.clientId
  worker: identities[1].properties.clientId
  backup: identities[2].properties.clientId
  secrets: identities[3].properties.clientId
}
