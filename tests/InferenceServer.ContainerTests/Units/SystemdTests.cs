using System.Globalization;
using System.Text.RegularExpressions;
using InferenceServer.ContainerTests.Engine;
using InferenceServer.FunctionalTests.Server;
using Xunit;

namespace InferenceServer.ContainerTests.Units;

/// <summary>The unit file, by systemd's own judgement.</summary>
public sealed partial class SystemdTests
{
    private static readonly string s_unit = Path.Combine(RepositoryRoot.Path, "deploy/systemd/inference-server.service");

    [Fact]
    public async Task Unit_IsUnderstoodBySystemd()
    {
        Require();
        var folder = Directory.CreateTempSubdirectory("unit-").FullName;
        try
        {
            // The program is where it is installed, which is not here.
            var unit = Path.Combine(folder, "inference-server.service");
            await File.WriteAllTextAsync(unit, (await File.ReadAllTextAsync(s_unit, TestContext.Current.CancellationToken)).Replace("/opt/inference-server/inference-server", "/bin/true", StringComparison.Ordinal), TestContext.Current.CancellationToken);

            var (exitCode, output) = await Command.RunAsync("systemd-analyze", "verify", unit);

            Assert.True(exitCode == 0, output);
            Assert.DoesNotContain("inference-server.service", output, StringComparison.Ordinal);
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    [Fact]
    public async Task Unit_ExposesLittle()
    {
        Require();

        var (exitCode, output) = await Command.RunAsync("systemd-analyze", "security", "--offline=true", s_unit);

        Assert.True(exitCode == 0, output);
        var exposure = double.Parse(Exposure().Match(output).Groups[1].Value, CultureInfo.InvariantCulture);
        Assert.InRange(exposure, 0.1, 2.0);
    }

    private static void Require() => Assert.SkipWhen(Command.Find("systemd-analyze") is null, "there is no systemd on this machine");

    [GeneratedRegex(@"exposure level for \S+: ([0-9.]+)")]
    private static partial Regex Exposure();
}
