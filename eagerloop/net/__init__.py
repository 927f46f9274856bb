"""Sockets per connection: look-ups, connecting, listening, datagram endpoints, sock_* calls, files.

Everything here runs once a connection or less often, so it is plain Python; what runs once a packet
is in `transports`.
"""
