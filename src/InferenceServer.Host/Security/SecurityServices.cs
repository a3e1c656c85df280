using System.Collections.Immutable;
using System.IO.Abstractions;
using InferenceServer.Host.Certificates;
using InferenceServer.Host.Following;
using InferenceServer.Host.Identities;
using InferenceServer.Host.Listeners;
using InferenceServer.Host.Tokens;

namespace InferenceServer.Host.Security;

/// <summary>Registers what access and encryption are made of; what is not switched on is not there.</summary>
internal static class SecurityServices
{
    public static IServiceCollection AddSecurity(this IServiceCollection services, SecurityOptions options)
    {
        services.AddSingleton(options);
        services.AddSingleton<AuditLog>();
        services.AddSingleton<AccessCounters>();
        services.AddSingleton(static provider => new QuotaTable(provider.GetRequiredService<TimeProvider>()));
        services.AddHostedService<SafetyReporter>();
        services.AddSingleton(provider => new CertificateSources(MakeCertificates(provider, options)));
        services.AddSingleton(provider => new CallerSource(options.AccessFile, provider.GetRequiredService<IFileSystem>(), provider.GetRequiredService<QuotaTable>(), provider.GetRequiredService<ILogger<CallerSource>>()));
        if (options.Tokens is { } tokens)
        {
            AddTokens(services, tokens);
        }

        services.AddSingleton(static provider => new Authenticator(provider.GetRequiredService<CallerSource>(), provider.GetService<TokenValidator>(), provider.GetRequiredService<TimeProvider>()));
        services.AddHostedService(static provider => new FollowingPoller(
            [provider.GetRequiredService<CallerSource>(), .. provider.GetRequiredService<CertificateSources>().All, .. provider.GetServices<KeyFile>()],
            provider.GetRequiredService<TimeProvider>(),
            provider.GetRequiredService<ILogger<FollowingPoller>>()));
        if (options.Cors is not null)
        {
            services.AddCors();
        }

        return services;
    }

    private static void AddTokens(IServiceCollection services, TokenOptions tokens)
    {
        services.AddSingleton(provider => new TokenValidator(tokens, provider.GetRequiredService<ISigningKeys>(), provider.GetRequiredService<TimeProvider>()));
        if (tokens.KeysFile is { } path)
        {
            services.AddSingleton(provider => new KeyFile(path, provider.GetRequiredService<IFileSystem>(), provider.GetRequiredService<ILogger<KeyFile>>()));
            services.AddSingleton<ISigningKeys>(static provider => provider.GetRequiredService<KeyFile>());
            return;
        }

        // A redirection would lead to where nobody has looked whether it is encrypted.
        services.AddSingleton(provider => new DiscoveredKeys(
            tokens,
            new HttpMessageInvoker(new SocketsHttpHandler { AllowAutoRedirect = false, UseCookies = false }),
            provider.GetRequiredService<TimeProvider>(),
            provider.GetRequiredService<ILogger<DiscoveredKeys>>()));
        services.AddSingleton<ISigningKeys>(static provider => provider.GetRequiredService<DiscoveredKeys>());
        services.AddHostedService(static provider => provider.GetRequiredService<DiscoveredKeys>());
    }

    private static ImmutableDictionary<Listener, CertificateSource> MakeCertificates(IServiceProvider provider, SecurityOptions options)
    {
        var sources = ImmutableDictionary.CreateBuilder<Listener, CertificateSource>();
        foreach (var (listener, tls) in new[] { (Listener.Http, options.HttpTls), (Listener.Rpc, options.GrpcTls), (Listener.Metrics, options.MetricsTls) })
        {
            if (tls is not null)
            {
                sources.Add(listener, new CertificateSource(tls, provider.GetRequiredService<IFileSystem>(), provider.GetRequiredService<TimeProvider>(), provider.GetRequiredService<ILogger<CertificateSource>>()));
            }
        }

        return sources.ToImmutable();
    }
}
