using System.Text;
using InferenceServer.RemoteRepositories.Addresses;
using InferenceServer.RemoteRepositories.Credentials;
using Xunit;

namespace InferenceServer.RemoteRepositories.Tests.Credentials;

public sealed class CloudCredentialsTests
{
    [Fact]
    public void Environment_GivesWhatTritonTakesFromIt()
    {
        var credentials = FromEnvironment(("AWS_ACCESS_KEY_ID", "id"), ("AWS_SECRET_ACCESS_KEY", "secret"), ("AWS_SESSION_TOKEN", "token"), ("AWS_DEFAULT_REGION", "eu-north-1"), ("AZURE_STORAGE_ACCOUNT", "account"), ("AZURE_STORAGE_KEY", "a2V5"));
        Assert.Equal(new S3Credential { KeyId = "id", SecretKey = "secret", SessionToken = "token", Region = "eu-north-1" }, credentials.FindS3(Address("s3://bucket")));
        Assert.Equal(new AzureCredential { Account = "account", Key = "a2V5" }, credentials.FindAzure(Address("as://other/container")));
    }

    [Fact]
    public void HalfAPair_LeavesTheRestToTheSdk() =>
        Assert.Equal(new S3Credential { Profile = "p" }, FromEnvironment(("AWS_ACCESS_KEY_ID", "id"), ("AWS_PROFILE", "p")).FindS3(Address("s3://bucket")));

    [Fact]
    public void File_IsChosenFromByTheLongestBeginning()
    {
        var credentials = FromFile("""
            {
              "s3": {
                "": { "key_id": "any", "secret_key": "x" },
                "s3://bucket": { "key_id": "bucket", "secret_key": "x", "region": "r" },
                "s3://bucket/team": { "key_id": "team", "secret_key": "x" }
              },
              "as": { "as://account/container": { "account_str": "other", "account_key": "a2V5" } },
              "gs": { "": "/some/file" }
            }
            """);
        Assert.Equal("any", credentials.FindS3(Address("s3://elsewhere"))?.KeyId);
        Assert.Equal("bucket", credentials.FindS3(Address("s3://bucket/a"))?.KeyId);
        Assert.Equal("team", credentials.FindS3(Address("s3://bucket/team/a"))?.KeyId);
        Assert.Equal("other", credentials.FindAzure(Address("as://account/container/a"))?.Account);
        Assert.Null(credentials.FindProblem(Address("s3://bucket")));
        Assert.Contains("no entry of 'as'", credentials.FindProblem(Address("as://account/second")), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("[]", "expected a JSON object, got Array")]
    [InlineData("{", "expected a JSON object")]
    [InlineData("""{"s4":{}}""", "unknown store 's4'")]
    [InlineData("""{"s3":[]}""", "under 's3'")]
    [InlineData("""{"s3":{"":"verysecret"}}""", "expected an object, got String")]
    [InlineData("""{"s3":{"":{"secret":"verysecret"}}}""", "unknown member 'secret'")]
    [InlineData("""{"s3":{"":{"secret_key":"verysecret"}}}""", "both of 'key_id' and 'secret_key'")]
    [InlineData("""{"as":{"":{"account_key":5}}}""", "expected a text for 'account_key'")]
    [InlineData("""{"as":{"":{"auth_type":"managed_identity"}}}""", "unknown member 'auth_type'")]
    public void WrongFile_IsRefusedWithoutItsSecrets(string content, string reason)
    {
        var problems = new List<string>();
        CloudCredentials.Read(static name => name == CloudCredentials.FileVariable ? "/f" : null, _ => Encoding.UTF8.GetBytes(content), problems);
        var problem = Assert.Single(problems);
        Assert.Contains(reason, problem, StringComparison.Ordinal);
        Assert.DoesNotContain("verysecret", problem, StringComparison.Ordinal);
    }

    [Fact]
    public void MissingFile_IsToldOf()
    {
        var problems = new List<string>();
        CloudCredentials.Read(static name => name == CloudCredentials.FileVariable ? "/f" : null, static _ => throw new FileNotFoundException(), problems);
        Assert.Contains("cannot be read", Assert.Single(problems), StringComparison.Ordinal);
    }

    [Fact]
    public void KeyThatIsNotBase64_IsRefusedAndNotRepeated()
    {
        var problem = FromEnvironment(("AZURE_STORAGE_KEY", "!verysecret!")).FindProblem(Address("as://account/container"));
        Assert.Contains("not base64", problem, StringComparison.Ordinal);
        Assert.DoesNotContain("verysecret", problem, StringComparison.Ordinal);
    }

    [Fact]
    public void AuthenticationThatIsNotThere_IsRefused()
    {
        var problems = new List<string>();
        CloudCredentials.Read(static name => name == "AZURE_STORAGE_AUTH_TYPE" ? "managed_identity" : null, static _ => [], problems);
        Assert.Contains("AZURE_STORAGE_AUTH_TYPE", Assert.Single(problems), StringComparison.Ordinal);
    }

    [Fact]
    public void Credential_DoesNotPrintItself()
    {
        Assert.DoesNotContain("verysecret", new S3Credential { SecretKey = "verysecret" }.ToString(), StringComparison.Ordinal);
        Assert.DoesNotContain("verysecret", new AzureCredential { Key = "verysecret" }.ToString(), StringComparison.Ordinal);
    }

    private static RemoteAddress Address(string text) => RemoteAddressReader.TryRead(text, out var address, out var problem) ? address : throw new ArgumentException(problem);

    private static CloudCredentials FromEnvironment(params (string Name, string Value)[] variables)
    {
        var problems = new List<string>();
        var credentials = CloudCredentials.Read(name => variables.FirstOrDefault(variable => variable.Name == name).Value, static _ => [], problems);
        Assert.Empty(problems);
        return credentials;
    }

    private static CloudCredentials FromFile(string content)
    {
        var problems = new List<string>();
        var credentials = CloudCredentials.Read(static name => name == CloudCredentials.FileVariable ? "/f" : null, _ => Encoding.UTF8.GetBytes(content), problems);
        Assert.Empty(problems);
        return credentials;
    }
}
